// Kernels on the CPU, to check their logic where there is no device: threads of a block are coroutines that change at
// `__syncthreads`, blocks run one after the other.
#pragma once
#include <algorithm>
#include <cmath>
#include <utility>

using std::exp;
using std::fabs;
using std::log;
using std::log1p;
using std::max;
using std::min;
using std::pow;
using std::cos;
using std::sin;
using std::sqrt;
using std::tanh;
using std::erfc;

struct Place {
    unsigned int x, y;
};
extern Place threadIdx, blockIdx, blockDim, gridDim;
void __syncthreads();

typedef void (*Call)(const void* const* arguments);
struct Registered {
    Registered(const char* name, Call call, bool block);
};

// Calls a kernel with arguments that are pointers to their values, as CUDA's launch takes them.
template <auto kernel>
struct Unpacked;
template <typename... Arguments, void (*kernel)(Arguments...)>
struct Unpacked<kernel> {
    static void call(const void* const* arguments) { call(arguments, std::index_sequence_for<Arguments...>{}); }
    template <std::size_t... places>
    static void call(const void* const* arguments, std::index_sequence<places...>) {
        kernel(*static_cast<const Arguments*>(arguments[places])...);
    }
};

#define KERNEL(name) static void NAMED(name)
#define BLOCK_KERNEL(name) static void NAMED(name)
#define SHARED static
#define DEVICE static inline
