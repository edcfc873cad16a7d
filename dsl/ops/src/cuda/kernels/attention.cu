// The rows of attention, for a block of queries at a time: logits come from one matrix product, weights go into the next.
// A block of threads takes a row. Rows are `[batch * heads, queries of the block]`, logits have the type A.
#include "random.cuh"

// The keys of the heads' masks: a number of 64 bits from the stream of each.
KERNEL(attention_mask_keys)(Word* keys, Index heads, Long seed, Long step, Long node) {
    EACH(head, heads) {
        Word words[16];
        chacha8(seed, DROPOUT, step, (node << 24) | head, 0, words);
        keys[2 * head] = words[0];
        keys[2 * head + 1] = words[1];
    }
}

DEVICE Word mixed(Word x) {
    x ^= x >> 16;
    x *= 0x21f0aaadu;
    x ^= x >> 15;
    x *= 0xd35a2d97u;
    return x ^ (x >> 15);
}
// What the weight of a key is multiplied by; `state` is that of its query.
DEVICE A kept(Word state, Index key, Word bound, A keep) {
    return mixed(key * 0x9e3779b9u + state) < bound ? A(0) : keep;
}

#define ROW                                                                                        \
    const Index row = blockIdx.x, head = row / block_queries, local = row % block_queries;         \
    const Index query = first + local;                                                             \
    const A* values = logits + row * keys;                                                         \
    const Word state = mask ? mixed(query * 0x9e3779b9u + mask[2 * head]) ^ mask[2 * head + 1] : 0;

// Adds the relative logits of a block: those of distance `j - query` stand at `j - local + block_queries - 1`.
KERNEL(attention_add_relative)(A* logits, const A* relative, Index rows, Index keys, Index block_queries) {
    EACH_OF_ROWS(row, j, rows, keys) {
        const Index local = row % block_queries;
        logits[row * keys + j] += relative[row * (keys + block_queries - 1) + (j + block_queries - 1 - local)];
    }
}
// The gradients of the relative logits, from those of the logits.
KERNEL(attention_relative_gradients)(const T* of_logits, T* of_relative, Index rows, Index keys, Index block_queries) {
    EACH_OF_ROWS(row, c, rows, keys + block_queries - 1) {
        const Index shift = block_queries - 1 - row % block_queries;
        const bool inside = c >= shift && c - shift < keys;
        of_relative[row * (keys + block_queries - 1) + c] = inside ? of_logits[row * keys + (c - shift)] : T(A(0));
    }
}

// Weights from logits, and the logarithm of their sum of exponentials for backward.
BLOCK_KERNEL(attention_weights)(const A* logits, T* weights, A* sums, const Word* mask, Index keys, Index block_queries,
                                Index queries, Index first, Word bound, double keep) {
    ROW
    A top = A(-INFINITY);
    for (Index j = threadIdx.y; j < keys; j += blockDim.y) top = max(top, values[j]);
    top = column_largest(top);
    A sum = A(0);
    for (Index j = threadIdx.y; j < keys; j += blockDim.y) sum += exp(values[j] - top);
    sum = column_sum(sum);
    for (Index j = threadIdx.y; j < keys; j += blockDim.y) {
        const A weight = exp(values[j] - top) / sum;
        weights[row * keys + j] = T(mask ? weight * kept(state, j, bound, A(keep)) : weight);
    }
    if (threadIdx.y == 0) sums[head * queries + query] = top + log(sum);
}

// From logits and the gradients of the weights: the weights again, and the gradients of the logits.
BLOCK_KERNEL(attention_gradients)(const A* logits, const A* of_weights, const A* sums, T* weights, T* of_logits,
                                  const Word* mask, Index keys, Index block_queries, Index queries, Index first, Word bound,
                                  double keep) {
    ROW
    const A sum = sums[head * queries + query];
    A mean = A(0);
    for (Index j = threadIdx.y; j < keys; j += blockDim.y) {
        const A factor = mask ? kept(state, j, bound, A(keep)) : A(1);
        mean += exp(values[j] - sum) * factor * of_weights[row * keys + j];
    }
    mean = column_sum(mean);
    for (Index j = threadIdx.y; j < keys; j += blockDim.y) {
        const A factor = mask ? kept(state, j, bound, A(keep)) : A(1);
        const A weight = exp(values[j] - sum), gradient = factor * of_weights[row * keys + j];
        weights[row * keys + j] = T(weight * factor);
        of_logits[row * keys + j] = T(weight * (gradient - mean));
    }
}

// `scale * x + bias` with a bias per channel, and its gradient with respect to x: `scale * (a + b)`.
KERNEL(attention_biased)(const T* x, const T* bias, T* output, Index rows, Index channels, Index inner, double scale) {
    EACH_OF_ROWS(row, p, rows, inner) {
        output[row * inner + p] = T(A(scale) * A(x[row * inner + p]) + A(bias[row % channels]));
    }
}
KERNEL(attention_scaled_sum)(const A* a, const A* b, T* output, Index n, double scale) {
    EACH(i, n) output[i] = T(A(scale) * (b ? a[i] + b[i] : a[i]));
}

// Softmax along the middle axis of `[outer, size, inner]` and its logarithm; threads along y share the axis.
#define PLACE                                                                   \
    const Index o = blockIdx.x, p = blockIdx.y * blockDim.x + threadIdx.x;      \
    const bool inside = p < inner;                                              \
    const Index start = o * size * inner + p;
#define EACH_OF_AXIS(i) \
    if (inside) for (Index i = start + threadIdx.y * inner; i < start + size * inner; i += blockDim.y * inner)

BLOCK_KERNEL(softmax_forward)(const T* x, T* y, Index size, Index inner, Index logarithm) {
    PLACE
    A top = A(-INFINITY);
    EACH_OF_AXIS(i) top = max(top, A(x[i]));
    top = column_largest(top);
    A sum = A(0);
    EACH_OF_AXIS(i) sum += exp(A(x[i]) - top);
    sum = column_sum(sum);
    const A shift = top + log(sum);
    EACH_OF_AXIS(i) y[i] = T(logarithm ? A(x[i]) - shift : exp(A(x[i]) - top) / sum);
}
BLOCK_KERNEL(softmax_backward)(const T* y, const T* g, T* output, Index size, Index inner, Index logarithm) {
    PLACE
    A sum = A(0);
    EACH_OF_AXIS(i) sum += logarithm ? A(g[i]) : A(g[i]) * A(y[i]);
    sum = column_sum(sum);
    EACH_OF_AXIS(i) output[i] = T(logarithm ? A(g[i]) - exp(A(y[i])) * sum : A(y[i]) * (A(g[i]) - sum));
}
