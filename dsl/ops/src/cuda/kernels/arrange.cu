// Copies in another arrangement: crop, pad, join, reverse, reverse complement, token maps.
#include "common.cuh"

// Row by row `output[p] = input[p + offset]`, 0 where that lies outside. Crops and pads, and goes back over both.
KERNEL(shift_rows)(const T* input, T* output, Index rows, Index input_row, Index output_row, Index forward, Index back) {
    EACH_OF_ROWS(row, p, rows, output_row) {
        const Index place = p + forward;
        const bool inside = place >= back && place - back < input_row;
        output[row * output_row + p] = inside ? input[row * input_row + (place - back)] : T(A(0));
    }
}

// Copies `length` values of every row, from one place to another.
KERNEL(copy_rows)(const T* input, T* output, Index rows, Index length, Index input_row, Index input_start, Index output_row,
                  Index output_start) {
    EACH_OF_ROWS(row, p, rows, length) {
        output[row * output_row + output_start + p] = input[row * input_row + input_start + p];
    }
}

// Reverses every row, and the order of rows within each group of `channels`.
KERNEL(reverse)(const T* input, T* output, Index rows, Index row_length, Index channels) {
    EACH_OF_ROWS(row, p, rows, row_length) {
        const Index group = row / channels, channel = row - group * channels;
        const Index source = group * channels + channels - 1 - channel;
        output[row * row_length + p] = input[source * row_length + (row_length - 1 - p)];
    }
}

// `[rows, n]` and `[rows, m]` to `[rows, n, m]`: `left[i] + right[j]`. The gradients are sums over one of the axes.
KERNEL(outer_sum)(const T* left, const T* right, T* output, Index lines, Index n, Index m) {
    EACH_OF_ROWS(line, j, lines, m) output[line * m + j] = T(A(left[line]) + A(right[line / n * m + j]));
}

// The mean of each map and its transpose; its own backward.
KERNEL(symmetric)(const T* input, T* output, Index rows, Index n) {
    EACH_OF_ROWS(line, j, rows * n, n) {
        const Index row = line / n, i = line - row * n;
        output[line * n + j] = T(A(0.5) * (A(input[line * n + j]) + A(input[(row * n + j) * n + i])));
    }
}
