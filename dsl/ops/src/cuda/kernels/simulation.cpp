// The scheduler of simulation.h.
#include "simulation.h"

#include <ucontext.h>

#include <map>
#include <string>
#include <vector>

Place threadIdx, blockIdx, blockDim, gridDim;

namespace {
struct Kernel {
    Call call;
    bool block;
};
std::map<std::string, Kernel>& kernels() {
    static std::map<std::string, Kernel> all;
    return all;
}

struct Coroutine {
    ucontext_t context;
    Place thread;
    bool done;
};
const std::size_t STACK = 64 * 1024;
ucontext_t scheduler;
Coroutine* running = nullptr;
Call running_call;
const void* const* running_arguments;

void body() {
    running_call(running_arguments);
    running->done = true;
    swapcontext(&running->context, &scheduler);
}

// All threads of a block, up to the next barrier in turn, until all are done.
void run_block() {
    static std::vector<Coroutine> threads(1024);
    static std::vector<char> stacks(1024 * STACK);
    const std::size_t count = blockDim.x * blockDim.y;
    for (std::size_t i = 0; i < count; i++) {
        Coroutine& c = threads[i];
        c.thread = {unsigned(i % blockDim.x), unsigned(i / blockDim.x)};
        c.done = false;
        getcontext(&c.context);
        c.context.uc_stack.ss_sp = stacks.data() + i * STACK;
        c.context.uc_stack.ss_size = STACK;
        c.context.uc_link = nullptr;
        makecontext(&c.context, body, 0);
    }
    for (bool left = true; left;) {
        left = false;
        for (std::size_t i = 0; i < count; i++) {
            if (threads[i].done) continue;
            running = &threads[i];
            threadIdx = running->thread;
            swapcontext(&scheduler, &running->context);
            left = left || !threads[i].done;
        }
    }
}
}  // namespace

Registered::Registered(const char* name, Call call, bool block) { kernels()[name] = {call, block}; }

void __syncthreads() { swapcontext(&running->context, &scheduler); }

// Runs a kernel; false if there is none of this name. Only one thread may be inside.
extern "C" bool cistron_simulated_launch(const char* name, const unsigned int* grid, const unsigned int* block,
                                         const void* const* arguments) {
    const auto found = kernels().find(name);
    if (found == kernels().end()) return false;
    gridDim = {grid[0], grid[1]};
    blockDim = {block[0], block[1]};
    running_call = found->second.call;
    running_arguments = arguments;
    for (blockIdx.y = 0; blockIdx.y < gridDim.y; blockIdx.y++)
        for (blockIdx.x = 0; blockIdx.x < gridDim.x; blockIdx.x++) {
            if (found->second.block) {
                run_block();
                continue;
            }
            for (threadIdx.y = 0; threadIdx.y < blockDim.y; threadIdx.y++)
                for (threadIdx.x = 0; threadIdx.x < blockDim.x; threadIdx.x++) found->second.call(arguments);
        }
    return true;
}
