// Batch normalisation: one pass over the input for mean and squared deviations (Welford), in two stages; one to write.
// Parameters, statistics and buffers have the type A.
#include "common.cuh"

struct Moments {
    A count, mean, square;
};

// Chan's formula: the moments of two parts together.
DEVICE Moments merged(Moments a, Moments b) {
    const A count = a.count + b.count;
    if (count == A(0)) return a;
    const A difference = b.mean - a.mean, share = b.count / count;
    return {count, a.mean + difference * share, a.square + b.square + difference * difference * a.count * share};
}

// The part of a channel's `count` values that a block takes.
#define SPLIT(begin, end, count, splits)                                   \
    const Index size = ((count) + (splits)-1) / (splits);                  \
    const Index begin = min(blockIdx.y * size, (count));                   \
    const Index end = min(begin + size, (count));

BLOCK_KERNEL(batch_norm_measure)(const T* x, A* partial, Index batch, Index channels, Index inner, Index splits) {
    SHARED Moments lanes[THREADS];
    const Index channel = blockIdx.x;
    SPLIT(begin, end, batch * inner, splits)
    Moments m = {A(0), A(0), A(0)};
    for (Index i = begin + threadIdx.y; i < end; i += blockDim.y) {
        const Index b = i / inner, p = i - b * inner;
        const A value = A(x[(b * channels + channel) * inner + p]);
        const A difference = value - m.mean;
        m.count += A(1);
        m.mean += difference / m.count;
        m.square += difference * (value - m.mean);
    }
    lanes[threadIdx.y] = m;
    __syncthreads();
    for (Index half = blockDim.y / 2; half > 0; half /= 2) {
        if (threadIdx.y < half) lanes[threadIdx.y] = merged(lanes[threadIdx.y], lanes[threadIdx.y + half]);
        __syncthreads();
    }
    if (threadIdx.y == 0) {
        A* target = partial + (channel * splits + blockIdx.y) * 3;
        target[0] = lanes[0].count;
        target[1] = lanes[0].mean;
        target[2] = lanes[0].square;
    }
}

// Mean and inverse deviation of the batch, and the running statistics after it, of which `share` is new.
KERNEL(batch_norm_finish)(const A* partial, const A* running_mean, const A* running_variance, A* mean, A* inverse, A* new_mean,
                          A* new_variance, Index channels, Index splits, double epsilon, double share, Index unbiased) {
    EACH(channel, channels) {
        Moments m = {A(0), A(0), A(0)};
        for (Index s = 0; s < splits; s++) {
            const A* part = partial + (channel * splits + s) * 3;
            m = merged(m, {part[0], part[1], part[2]});
        }
        mean[channel] = m.mean;
        inverse[channel] = A(1) / sqrt(m.square / m.count + A(epsilon));
        const A variance = m.square / (unbiased ? m.count - A(1) : m.count);
        new_mean[channel] = running_mean[channel] + A(share) * (m.mean - running_mean[channel]);
        new_variance[channel] = running_variance[channel] + A(share) * (variance - running_variance[channel]);
    }
}

// Mean and inverse deviation of evaluation. With a `counter` of updates the buffers are sums that began at 0 and are
// freed from that (Sonnet); before the first update they stand for 0.
KERNEL(batch_norm_evaluate)(const A* running_mean, const A* running_variance, const A* counter, A* mean, A* inverse,
                            Index channels, double epsilon, double momentum) {
    EACH(channel, channels) {
        const A updates = counter ? counter[0] : A(0);
        const A factor = !counter ? A(1) : (updates > A(0) ? A(1) / (A(1) - pow(A(momentum), updates)) : A(0));
        mean[channel] = running_mean[channel] * factor;
        inverse[channel] = A(1) / sqrt(running_variance[channel] * factor + A(epsilon));
    }
}

KERNEL(batch_norm_apply)(const T* x, const A* weight, const A* bias, const A* mean, const A* inverse, T* y, Index rows,
                         Index channels, Index inner) {
    EACH_OF_ROWS(row, p, rows, inner) {
        const Index channel = row % channels, i = row * inner + p;
        y[i] = T((A(x[i]) - mean[channel]) * (weight[channel] * inverse[channel]) + bias[channel]);
    }
}

// Sums of g and of g (x - mean) over a part of each channel.
BLOCK_KERNEL(batch_norm_measure_back)(const T* x, const T* g, const A* mean, A* partial, Index batch, Index channels,
                                      Index inner, Index splits) {
    const Index channel = blockIdx.x;
    SPLIT(begin, end, batch * inner, splits)
    A even = A(0), lean = A(0);
    const A middle = mean[channel];
    for (Index i = begin + threadIdx.y; i < end; i += blockDim.y) {
        const Index b = i / inner, p = i - b * inner, at = (b * channels + channel) * inner + p;
        even += A(g[at]);
        lean += A(g[at]) * (A(x[at]) - middle);
    }
    even = column_sum(even);
    lean = column_sum(lean);
    if (threadIdx.y == 0) {
        partial[(channel * splits + blockIdx.y) * 2] = even;
        partial[(channel * splits + blockIdx.y) * 2 + 1] = lean;
    }
}

// Gradients of weight and bias.
KERNEL(batch_norm_finish_back)(const A* partial, const A* inverse, A* of_weight, A* of_bias, Index channels, Index splits) {
    EACH(channel, channels) {
        A even = A(0), lean = A(0);
        for (Index s = 0; s < splits; s++) {
            even += partial[(channel * splits + s) * 2];
            lean += partial[(channel * splits + s) * 2 + 1];
        }
        of_weight[channel] = lean * inverse[channel];
        of_bias[channel] = even;
    }
}

// The gradient of the input; `share` is 1 over the values of a channel, or 0 where the batch was not measured.
KERNEL(batch_norm_apply_back)(const T* x, const T* g, const A* weight, const A* mean, const A* inverse, const A* of_weight,
                              const A* of_bias, T* output, Index rows, Index channels, Index inner, double share) {
    EACH_OF_ROWS(row, p, rows, inner) {
        const Index c = row % channels, i = row * inner + p;
        const A even = of_bias[c] * A(share), lean = of_weight[c] * A(share) * inverse[c];
        output[i] = T(weight[c] * inverse[c] * (A(g[i]) - even - (A(x[i]) - mean[c]) * lean));
    }
}

// Sums of g over a part of each channel, and of all parts.
BLOCK_KERNEL(channel_sums)(const T* g, A* partial, Index batch, Index channels, Index inner, Index splits) {
    const Index channel = blockIdx.x;
    SPLIT(begin, end, batch * inner, splits)
    A sum = A(0);
    for (Index i = begin + threadIdx.y; i < end; i += blockDim.y) {
        const Index b = i / inner, p = i - b * inner;
        sum += A(g[(b * channels + channel) * inner + p]);
    }
    sum = column_sum(sum);
    if (threadIdx.y == 0) partial[channel * splits + blockIdx.y] = sum;
}
KERNEL(sum_splits)(const A* partial, A* output, Index count, Index splits) {
    EACH(i, count) {
        A sum = A(0);
        for (Index s = 0; s < splits; s++) sum += partial[i * splits + s];
        output[i] = sum;
    }
}
