// What all kernels share. Each file is compiled three times, with VALUE (float, double, bf16), COMPUTED (the type that
// these are computed in: float for bf16) and SUFFIX, which ends the names of the kernels.
//
// Nothing here is atomic: sums have an order that depends on the shape alone.
#pragma once

#define JOINED(name, suffix) name##_##suffix
#define JOIN(name, suffix) JOINED(name, suffix)
#define NAMED(name) JOIN(name, SUFFIX)

#ifdef CISTRON_SIMULATION
#include "simulation.h"
#else
#include <cuda_bf16.h>
#define KERNEL(name) extern "C" __global__ void NAMED(name)
// A kernel whose threads wait for each other.
#define BLOCK_KERNEL(name) KERNEL(name)
#define SHARED __shared__
#define DEVICE static __device__ __forceinline__
#endif

typedef VALUE T;
typedef COMPUTED A;

// Tensors on a device have fewer than 2^31 values.
typedef unsigned int Index;

// Values 0..n, shared by all threads.
#define EACH(i, n) for (Index i = blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += gridDim.x * blockDim.x)

// Rows 0..rows and places 0..inner of each: threads along x take places, threads along y rows.
#define EACH_OF_ROWS(row, p, rows, inner)                                                                  \
    for (Index row = blockIdx.x * blockDim.y + threadIdx.y; row < (rows); row += gridDim.x * blockDim.y)   \
        for (Index p = blockIdx.y * blockDim.x + threadIdx.x; p < (inner); p += gridDim.y * blockDim.x)

// Threads of a block at most.
#define THREADS 256

// The sum over the threads with the same threadIdx.x, for all of them. blockDim.y is a power of two.
DEVICE A column_sum(A value) {
    SHARED A lanes[THREADS];
    const Index lane = threadIdx.y * blockDim.x + threadIdx.x;
    __syncthreads();
    lanes[lane] = value;
    __syncthreads();
    for (Index half = blockDim.y / 2; half > 0; half /= 2) {
        if (threadIdx.y < half) lanes[lane] += lanes[lane + half * blockDim.x];
        __syncthreads();
    }
    return lanes[threadIdx.x];
}

// The largest value over the threads with the same threadIdx.x.
DEVICE A column_largest(A value) {
    SHARED A lanes[THREADS];
    const Index lane = threadIdx.y * blockDim.x + threadIdx.x;
    __syncthreads();
    lanes[lane] = value;
    __syncthreads();
    for (Index half = blockDim.y / 2; half > 0; half /= 2) {
        if (threadIdx.y < half) {
            const A other = lanes[lane + half * blockDim.x];
            if (other > lanes[lane] || other != other) lanes[lane] = other;
        }
        __syncthreads();
    }
    return lanes[threadIdx.x];
}

DEVICE A logistic(A x) { return A(1) / (A(1) + exp(-x)); }

DEVICE A soft_plus(A x) { return (x > A(0) ? x : A(0)) + log1p(exp(-fabs(x))) + (x != x ? x : A(0)); }

// Distribution function and density of the standard normal.
DEVICE A normal_distribution(A x) { return A(0.5) * erfc(-x * A(0.70710678118654752440)); }
DEVICE A normal_density(A x) { return A(0.39894228040143267794) * exp(A(-0.5) * x * x); }
