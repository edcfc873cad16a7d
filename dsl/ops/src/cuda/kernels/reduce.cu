// Mean, sum and largest value over the middle axis of `[outer, size, inner]`. Threads along x take inner places, threads along
// y share the axis.
#include "common.cuh"

#define PLACE                                                                   \
    const Index o = blockIdx.x, p = blockIdx.y * blockDim.x + threadIdx.x;      \
    const bool inside = p < inner;                                              \
    const Index start = o * size * inner + p;

// The sum times `share`.
BLOCK_KERNEL(sum_forward)(const T* x, T* y, Index size, Index inner, double share) {
    PLACE
    A sum = A(0);
    if (inside)
        for (Index k = threadIdx.y; k < size; k += blockDim.y) sum += A(x[start + k * inner]);
    sum = column_sum(sum);
    if (inside && threadIdx.y == 0) y[o * inner + p] = T(sum * A(share));
}
KERNEL(sum_backward)(const T* g, T* output, Index rows, Index size, Index inner, double share) {
    EACH_OF_ROWS(row, p, rows, inner) output[row * inner + p] = T(A(g[row / size * inner + p]) * A(share));
}

// The first of the largest; a missing value before any number.
BLOCK_KERNEL(largest_forward)(const T* x, T* y, Index* places, Index size, Index inner) {
    SHARED A tops[THREADS];
    SHARED Index firsts[THREADS];
    PLACE
    const Index lane = threadIdx.y * blockDim.x + threadIdx.x;
    A top = A(0);
    Index first = size;
    if (inside)
        for (Index k = threadIdx.y; k < size; k += blockDim.y) {
            const A value = A(x[start + k * inner]);
            if (first == size || value > top || (value != value && top == top)) {
                top = value;
                first = k;
            }
        }
    tops[lane] = top;
    firsts[lane] = first;
    __syncthreads();
    for (Index half = blockDim.y / 2; half > 0; half /= 2) {
        if (threadIdx.y < half) {
            const Index other = lane + half * blockDim.x;
            const A a = tops[lane], b = tops[other];
            const bool earlier = firsts[other] < firsts[lane];
            const bool both_missing = a != a && b != b;
            const bool equal = a == b || both_missing;
            const bool larger = b > a || (b != b && a == a);
            if (firsts[other] < size && (firsts[lane] == size || larger || (equal && earlier))) {
                tops[lane] = b;
                firsts[lane] = firsts[other];
            }
        }
        __syncthreads();
    }
    if (inside && threadIdx.y == 0) {
        y[o * inner + p] = T(tops[lane]);
        places[o * inner + p] = firsts[lane];
    }
}
KERNEL(largest_backward)(const T* g, const Index* places, T* output, Index rows, Index size, Index inner) {
    EACH_OF_ROWS(row, p, rows, inner) {
        const Index o = row / size, k = row - o * size, at = o * inner + p;
        output[row * inner + p] = places[at] == k ? g[at] : T(A(0));
    }
}
