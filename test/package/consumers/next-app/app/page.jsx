'use client';

import 'explicit-lstm';
import * as tf from '@tensorflow/tfjs';
import { inspectionReport } from 'explicit-lstm/plot';

/** Shows what is registered where Next renders the page, and takes the report into what it sends to the browser. */
export default function Page() {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  return (
    <button type="button" onClick={() => inspectionReport({})}>
      {Object.keys(classNameMap).join(' ')}
    </button>
  );
}
