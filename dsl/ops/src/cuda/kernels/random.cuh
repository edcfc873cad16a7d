// The run's own streams (cistron-random): ChaCha8 keyed by seed, purpose and part, the step as stream number.
#pragma once
#include "common.cuh"

typedef unsigned int Word;
typedef unsigned long long Long;

DEVICE Word rotated(Word value, int bits) { return (value << bits) | (value >> (32 - bits)); }

#define QUARTER(a, b, c, d)                    \
    a += b, d = rotated(d ^ a, 16);            \
    c += d, b = rotated(b ^ c, 12);            \
    a += b, d = rotated(d ^ a, 8);             \
    c += d, b = rotated(b ^ c, 7);

// The purpose of dropout's streams.
#define DROPOUT 4

// Block `counter` of the stream (seed, purpose, step, part).
DEVICE void chacha8(Long seed, Word purpose, Long step, Long part, Long counter, Word* words) {
    const Word start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
                            Word(seed), Word(seed >> 32), purpose, 0,
                            Word(part), Word(part >> 32), 0x74736963, 0x316e6f72,
                            Word(counter), Word(counter >> 32), Word(step), Word(step >> 32)};
    Word x[16];
    for (int i = 0; i < 16; i++) x[i] = start[i];
    for (int round = 0; round < 4; round++) {
        QUARTER(x[0], x[4], x[8], x[12])
        QUARTER(x[1], x[5], x[9], x[13])
        QUARTER(x[2], x[6], x[10], x[14])
        QUARTER(x[3], x[7], x[11], x[15])
        QUARTER(x[0], x[5], x[10], x[15])
        QUARTER(x[1], x[6], x[11], x[12])
        QUARTER(x[2], x[7], x[8], x[13])
        QUARTER(x[3], x[4], x[9], x[14])
    }
    for (int i = 0; i < 16; i++) words[i] = x[i] + start[i];
}
