"""PyTorch's LSTM, to be timed from outside: reads one JSON object a line, and answers each with one.

{"batch": B, "timesteps": T, "features": D, "units": U, "threads": n, "isTraining": b, "folder": "..."}
    makes the layer, from the float32 files x, kernel, recurrentKernel and bias of the folder, in Keras's layout;
    answers {"version": "..."}
{"run": true}    computes once; answers {"milliseconds": t}
{"results": true}    computes once, and writes the results to the float32 files 0, 1, ... of the folder; answers {"count": n}

Inference computes the last h; training the mean of its squares, and the gradients of kernel, recurrentKernel and bias.
"""

import array
import json
import os
import sys
import time

import torch


class Task:
    def __init__(self, batch, timesteps, features, units, threads, isTraining, folder):
        torch.set_num_threads(threads)
        self.is_training = isTraining
        self.folder = folder
        self.x = self.read("x", batch, timesteps, features)
        self.layer = torch.nn.LSTM(features, units, batch_first=True)
        with torch.no_grad():
            # Both have the blocks i, f, g, o.
            self.layer.weight_ih_l0.copy_(self.read("kernel", features, 4 * units).T)
            self.layer.weight_hh_l0.copy_(self.read("recurrentKernel", units, 4 * units).T)
            self.layer.bias_ih_l0.copy_(self.read("bias", 4 * units))
            self.layer.bias_hh_l0.zero_()
        # Keras has one bias.
        self.layer.bias_hh_l0.requires_grad = False

    def read(self, name, *shape):
        with open(os.path.join(self.folder, name), "rb") as file:
            return torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(shape)

    def compute(self):
        if not self.is_training:
            with torch.inference_mode():
                _, (h, _) = self.layer(self.x)
            return [h[0]]
        _, (h, _) = self.layer(self.x)
        loss = h[0].square().mean()
        layer = self.layer
        weights = [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0]
        kernel, recurrent_kernel, bias = torch.autograd.grad(loss, weights)
        return [loss.detach(), kernel.T, recurrent_kernel.T, bias]

    def run(self):
        start = time.perf_counter()
        self.compute()
        return {"milliseconds": 1000 * (time.perf_counter() - start)}

    def results(self):
        tensors = self.compute()
        for index, tensor in enumerate(tensors):
            with open(os.path.join(self.folder, str(index)), "wb") as file:
                array.array("f", tensor.reshape(-1).tolist()).tofile(file)
        return {"count": len(tensors)}


task = None
for line in sys.stdin:
    request = json.loads(line)
    if "run" in request:
        answer = task.run()
    elif "results" in request:
        answer = task.results()
    else:
        task = Task(**request)
        answer = {"version": torch.__version__}
    print(json.dumps(answer), flush=True)
