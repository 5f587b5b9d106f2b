"""Goes on training FOLDER/model.keras on several devices at once, and writes FOLDER/trained.keras.

Here the devices are two that XLA makes of one CPU; on a machine with accelerators leave XLA_FLAGS out.
"""

import json
import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=2")

import keras  # noqa: E402
import numpy as np  # noqa: E402


def main(folder):
    data = json.loads((folder / "data.json").read_text())
    x = np.array(data["x"], "float32").reshape(data["shape"])
    labels = np.array(data["labels"], "float32").reshape(len(x), 1)
    devices = keras.distribution.list_devices()
    # Every device has all weights, and its share of each batch.
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    before = model.evaluate(x, labels, batch_size=64, verbose=0)
    model.fit(x, labels, epochs=20, batch_size=64, verbose=0)
    after = model.evaluate(x, labels, batch_size=64, verbose=0)
    model.save(folder / "trained.keras")
    print(json.dumps({"before": before, "after": after, "devices": len(devices)}))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
