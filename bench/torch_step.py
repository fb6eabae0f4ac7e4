#!/usr/bin/env python3
"""A training step of a small GPT on the CPU, fp32: what it is made of, or how long PyTorch takes for it.

    torch_step.py kernels DIR   writes DIR/step.gemm.csv and DIR/step.memory.csv: every kernel of the step with its count
    torch_step.py time          times the step in PyTorch; prints the median in seconds and the spread

Shapes come from the configuration alone: `kernels` needs no PyTorch. THREADS (default 1) and STEPS (default 7) in the
environment set threads and timed steps.
"""

import os
import pathlib
import statistics
import sys
import time

LAYERS, WIDTH, HEADS, SEQUENCE, BATCH, VOCABULARY = 4, 512, 8, 256, 4, 8192
TOKENS = BATCH * SEQUENCE
THREADS = int(os.environ.get("THREADS", "1"))
STEPS = int(os.environ.get("STEPS", "7"))


# --- what the step is made of --------------------------------------------------------------------------------------------

def linear(rows, width_in, width_out, count):
    """Forward, gradient of the input, gradient of the weights: (m, n, k, count) of out[m, n] = a[m, k] b[k, n]."""
    return [(rows, width_out, width_in, count), (rows, width_in, width_out, count), (width_out, width_in, rows, count)]


def products():
    d, head = WIDTH, WIDTH // HEADS
    kernels = linear(TOKENS, d, 3 * d, LAYERS) + linear(TOKENS, d, d, LAYERS)
    kernels += linear(TOKENS, d, 4 * d, LAYERS) + linear(TOKENS, 4 * d, d, LAYERS) + linear(TOKENS, d, VOCABULARY, 1)
    each = LAYERS * BATCH * HEADS  # attention is one product for each head of each sequence
    kernels += linear(SEQUENCE, head, SEQUENCE, each) + linear(SEQUENCE, SEQUENCE, head, each)
    return kernels


def parameters():
    """Tensors of parameters as (elements, count)."""
    d = WIDTH
    return [(VOCABULARY * d, 2), (SEQUENCE * d, 1), (3 * d * d, LAYERS), (d * d, LAYERS), (4 * d * d, 2 * LAYERS),
            (d, 6 * LAYERS + 2), (3 * d, LAYERS), (4 * d, LAYERS)]


def streams():
    """Elementwise work as (bytes read and written, count); one entry for each pass over memory that PyTorch makes."""
    e, a, logits = 4 * TOKENS * WIDTH, 4 * BATCH * HEADS * SEQUENCE ** 2, 4 * TOKENS * VOCABULARY
    layer = [
        (2 * e, 2),  # layer norms
        (3 * e, 1), (e, 2), (4 * e, 1),  # biases, written to where the product is added
        (2 * e, 3), (2 * e, 1),  # heads gathered: queries, keys, values; and back
        (2 * a, 1), (2 * a, 1), (2 * a, 1),  # scores: scale, mask, softmax
        (3 * e, 2),  # residuals
        (8 * e, 1),  # gelu
        (3 * a, 1), (2 * a, 1),  # backward: softmax, scale
        (12 * e, 1),  # gelu
        (3 * e, 2), (2 * e, 2),  # layer norms: of the input, of scale and shift
        (3 * e, 2),  # residuals: two gradients meet
        (3 * e, 1), (e, 2), (4 * e, 1),  # biases: sums over tokens
        (2 * e, 3), (6 * e, 1), (2 * e, 1),  # heads
    ]
    whole = [(2 * e, 2), (3 * e, 1), (2 * e, 1),  # embeddings and the last norm
             (2 * logits, 1), (3 * logits, 1)]  # softmax over the vocabulary and its gradient
    # AdamW of PyTorch, one tensor at a time: decay, two moments (2 and 2 passes), root, division, offset, update.
    adam = [(4 * n * passes, count) for n, count in parameters() for passes in (2, 2, 3, 2, 3, 2, 2, 2, 4)]
    return [(size, count * LAYERS) for size, count in layer] + whole + adam


def write_kernels(folder):
    with open(folder / "step.gemm.csv", "w", encoding="utf-8") as file:
        file.write("dtype,m,n,k,count,latency_us\n")
        for m, n, k, count in products():
            file.write(f"float32,{m},{n},{k},{count},\n")
    with open(folder / "step.memory.csv", "w", encoding="utf-8") as file:
        file.write("dtype,bytes,count,latency_us\n")
        for size, count in streams():
            file.write(f"float32,{size},{count},\n")


# --- how long PyTorch takes ----------------------------------------------------------------------------------------------

def build():
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(THREADS)
    import torch  # after the threads are set
    from torch import nn

    torch.set_num_threads(THREADS)
    torch.set_flush_denormal(True)  # squares of small gradients: a division by a subnormal number is some 50 times slower
    torch.manual_seed(1)
    mask = torch.triu(torch.full((SEQUENCE, SEQUENCE), float("-inf")), 1)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x):
            parts = self.qkv(self.norm1(x)).view(BATCH, SEQUENCE, 3, HEADS, WIDTH // HEADS)
            q, k, v = parts.permute(2, 0, 3, 1, 4)
            scores = (q @ k.transpose(-2, -1)) * (WIDTH // HEADS) ** -0.5 + mask
            mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(BATCH, SEQUENCE, WIDTH)
            x = x + self.out(mixed)
            return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(SEQUENCE, WIDTH)
            self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY, bias=False)

        def forward(self, tokens):
            x = self.tokens(tokens) + self.places(torch.arange(SEQUENCE))
            return self.head(self.norm(self.blocks(x)))

    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    tokens = torch.randint(VOCABULARY, (BATCH, SEQUENCE + 1))

    def step():
        optimizer.zero_grad(set_to_none=True)
        logits = model(tokens[:, :-1])
        nn.functional.cross_entropy(logits.view(-1, VOCABULARY), tokens[:, 1:].reshape(-1)).backward()
        optimizer.step()

    return step


def time_step():
    step = build()
    for _ in range(5):  # until the allocator asks the operating system for nothing more
        step()
    seconds = []
    for _ in range(STEPS):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    print(f"{statistics.median(seconds):.6g} {min(seconds):.6g} {max(seconds):.6g}")


def main():
    if sys.argv[1:] == ["time"]:
        time_step()
    elif len(sys.argv) == 3 and sys.argv[1] == "kernels":
        write_kernels(pathlib.Path(sys.argv[2]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
