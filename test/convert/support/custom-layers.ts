import * as tf from '@tensorflow/tfjs';

type Config = tf.serialization.ConfigDict;

/** A user's layer with weights of its own and a config that says 'LSTM' without meaning a layer. */
export class Scale extends tf.layers.Layer {
  static readonly className = 'TestScale';
  private factor!: tf.LayerVariable;

  constructor(private readonly args: { mode: string; description: unknown; name?: string }) {
    super(args as never);
  }

  override build(shape: tf.Shape): void {
    const features = shape[shape.length - 1] as number;
    this.addWeight('moving', [features], 'float32', tf.initializers.ones(), undefined, false);
    this.factor = this.addWeight('factor', [features], 'float32', tf.initializers.ones());
    super.build(shape);
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = [inputs].flat() as [tf.Tensor];
    return tf.tidy(() => {
      if (this.args.mode !== 'LSTM') throw new Error(`the mode is ${this.args.mode}`);
      return tf.mul(x, this.factor.read());
    });
  }

  override getConfig(): Config {
    const { mode, description } = this.args;
    return { ...super.getConfig(), mode, description } as Config;
  }
}

/**
 * A user's wrapper, which is no tfjs Wrapper: it reverses time before and after the layer within. Its constructor
 * forgets the name.
 */
export class Mirror extends tf.layers.Layer {
  static readonly className = 'TestMirror';
  private readonly inner: tf.layers.RNN;

  constructor(args: { layer: tf.layers.RNN }) {
    super({});
    this.inner = args.layer;
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: Config,
  ): T {
    const { className, config: inner } = config.layer as { className: string; config: Config };
    const [innerClass] = tf.serialization.SerializationMap.getMap().classNameMap[className] as unknown as [
      tf.serialization.SerializableConstructor<tf.layers.RNN>,
    ];
    return new cls({ ...config, layer: innerClass.fromConfig(innerClass, inner) } as never);
  }

  override build(shape: tf.Shape): void {
    this.inner.build(shape);
    super.build(shape);
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return this.inner.computeOutputShape(shape) as tf.Shape;
  }

  override get trainableWeights(): tf.LayerVariable[] {
    return this.inner.trainableWeights;
  }

  override get nonTrainableWeights(): tf.LayerVariable[] {
    return this.inner.nonTrainableWeights;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = [inputs].flat() as [tf.Tensor];
    return tf.tidy(() => tf.reverse(this.inner.call(tf.reverse(x, 1), {}) as tf.Tensor, 1));
  }

  override getConfig(): Config {
    const layer = { className: this.inner.getClassName(), config: this.inner.getConfig() };
    return { ...super.getConfig(), layer };
  }
}

/** A user's activation. */
export class Twice extends tf.serialization.Serializable {
  static readonly className = 'twice';

  apply(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, 2);
  }

  getConfig(): Config {
    return {};
  }
}

for (const custom of [Scale, Mirror, Twice]) tf.serialization.registerClass(custom as never);
