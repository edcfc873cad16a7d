// Layer and RMS normalisation over the channels of `[batch, channel, inner]`. Threads along x take positions, threads
// along y share the channels. Statistics are `[batch, 2, inner]` of type A: mean (0 for RMS) and inverse deviation.
#include "common.cuh"

#define EACH_CHANNEL(c) for (Index c = threadIdx.y; c < channels; c += blockDim.y)

BLOCK_KERNEL(layer_norm_forward)(const T* x, const A* weight, const A* bias, T* y, A* statistics, Index channels, Index inner,
                                 Index centred, double epsilon) {
    const Index b = blockIdx.x, p = blockIdx.y * blockDim.x + threadIdx.x;
    const bool inside = p < inner;
    const T* values = x + b * channels * inner + p;
    A mean = A(0), square = A(0);
    if (centred) {
        if (inside) EACH_CHANNEL(c) mean += A(values[c * inner]);
        mean = column_sum(mean) / A(channels);
    }
    if (inside) EACH_CHANNEL(c) {
        const A difference = A(values[c * inner]) - mean;
        square += difference * difference;
    }
    const A inverse = A(1) / sqrt(column_sum(square) / A(channels) + A(epsilon));
    if (!inside) return;
    T* target = y + b * channels * inner + p;
    EACH_CHANNEL(c) {
        const A value = (A(values[c * inner]) - mean) * inverse * weight[c];
        target[c * inner] = T(bias ? value + bias[c] : value);
    }
    if (threadIdx.y == 0) {
        statistics[b * 2 * inner + p] = mean;
        statistics[(b * 2 + 1) * inner + p] = inverse;
    }
}

BLOCK_KERNEL(layer_norm_backward)(const T* x, const T* g, const A* weight, const A* statistics, T* output, Index channels,
                                  Index inner, Index centred) {
    const Index b = blockIdx.x, p = blockIdx.y * blockDim.x + threadIdx.x;
    const bool inside = p < inner;
    const Index start = b * channels * inner + p;
    const A mean = inside ? statistics[b * 2 * inner + p] : A(0);
    const A inverse = inside ? statistics[(b * 2 + 1) * inner + p] : A(0);
    A even = A(0), lean = A(0);
    if (inside) EACH_CHANNEL(c) {
        const Index i = start + c * inner;
        const A weighted = A(g[i]) * weight[c];
        even += weighted;
        lean += weighted * (A(x[i]) - mean) * inverse;
    }
    even = column_sum(even) / A(channels);
    lean = column_sum(lean) / A(channels);
    if (!inside) return;
    if (!centred) even = A(0);
    EACH_CHANNEL(c) {
        const Index i = start + c * inner;
        output[i] = T(inverse * (A(g[i]) * weight[c] - even - (A(x[i]) - mean) * inverse * lean));
    }
}

// Sums of g times the normalised value and of g over a part of each channel; `sum_splits` adds the parts.
BLOCK_KERNEL(layer_norm_parameters)(const T* x, const T* g, const A* statistics, A* of_weight, A* of_bias, Index batch,
                                    Index channels, Index inner, Index splits) {
    const Index channel = blockIdx.x, count = batch * inner, size = (count + splits - 1) / splits;
    const Index begin = min(blockIdx.y * size, count), end = min(begin + size, count);
    A lean = A(0), even = A(0);
    for (Index i = begin + threadIdx.y; i < end; i += blockDim.y) {
        const Index b = i / inner, p = i - b * inner, at = (b * channels + channel) * inner + p;
        lean += A(g[at]) * (A(x[at]) - statistics[b * 2 * inner + p]) * statistics[(b * 2 + 1) * inner + p];
        even += A(g[at]);
    }
    lean = column_sum(lean);
    even = column_sum(even);
    if (threadIdx.y == 0) {
        of_weight[channel * splits + blockIdx.y] = lean;
        of_bias[channel * splits + blockIdx.y] = even;
    }
}
