// Dropout with the run's own streams: a thread draws one block of 16 numbers, so the mask has the same bits as on the CPU.
#include "random.cuh"

// Scales the values that stay by `keep` and zeroes those whose number is below `bound`. The values lie in `pieces` of
// nearly the same size, each with a stream of its own; the node's number is the upper part of the stream's.
KERNEL(dropout)(const T* input, T* output, Index n, Index pieces, Long seed, Long step, Long node, Index bound, double keep) {
    const Index size = n / pieces, rest = n - size * pieces, blocks = (size + 16) / 16;
    EACH_OF_ROWS(piece, block, pieces, blocks) {
        const Index start = piece * size + min(piece, rest), end = start + size + (piece < rest ? 1 : 0);
        const Index first = start + block * 16;
        if (first >= end) continue;
        Word words[16];
        chacha8(seed, DROPOUT, step, (node << 24) | piece, block, words);
        for (Index i = 0; i < 16; i++)
            if (first + i < end) output[first + i] = words[i] < bound ? T(A(0)) : T(A(input[first + i]) * A(keep));
    }
}
