// Pooling over windows next to each other along the last axis. A thread takes a window; places that are left over at the
// end of a row belong to an additional thread, which writes their gradient (0).
#include "common.cuh"

DEVICE A largest_of(const T* window, Index width) {
    A top = A(window[0]);
    for (Index k = 1; k < width; k++) {
        const A value = A(window[k]);
        if (value > top || value != value) top = value;
    }
    return top;
}

KERNEL(pool_max_forward)(const T* x, T* y, Index rows, Index row_length, Index pooled, Index width) {
    EACH_OF_ROWS(row, q, rows, pooled) y[row * pooled + q] = T(largest_of(x + row * row_length + q * width, width));
}
KERNEL(pool_mean_forward)(const T* x, T* y, Index rows, Index row_length, Index pooled, Index width) {
    EACH_OF_ROWS(row, q, rows, pooled) {
        const T* window = x + row * row_length + q * width;
        A sum = A(0);
        for (Index k = 0; k < width; k++) sum += A(window[k]);
        y[row * pooled + q] = T(sum / A(width));
    }
}
// The mean weighted by the softmax of the values themselves.
KERNEL(pool_weighted_forward)(const T* x, T* y, Index rows, Index row_length, Index pooled, Index width) {
    EACH_OF_ROWS(row, q, rows, pooled) {
        const T* window = x + row * row_length + q * width;
        const A top = largest_of(window, width);
        A sum = A(0), total = A(0);
        for (Index k = 0; k < width; k++) {
            const A value = A(window[k]), e = exp(value - top);
            sum += e;
            total += e * value;
        }
        y[row * pooled + q] = T(total / sum);
    }
}

#define LEFT_OVER(output)                                                                                        \
    if (q == pooled) {                                                                                           \
        for (Index p = pooled * width; p < row_length; p++) output[row * row_length + p] = T(A(0));              \
        continue;                                                                                                \
    }

// The first of equals takes the gradient.
KERNEL(pool_max_backward)(const T* x, const T* g, T* output, Index rows, Index row_length, Index pooled, Index width) {
    EACH_OF_ROWS(row, q, rows, pooled + 1) {
        LEFT_OVER(output)
        const T* window = x + row * row_length + q * width;
        T* target = output + row * row_length + q * width;
        const A top = largest_of(window, width);
        bool free = true;
        for (Index k = 0; k < width; k++) {
            const bool here = free && A(window[k]) == top;
            target[k] = here ? g[row * pooled + q] : T(A(0));
            free = free && !here;
        }
    }
}
KERNEL(pool_mean_backward)(const T* g, T* output, Index rows, Index row_length, Index pooled, Index width) {
    EACH_OF_ROWS(row, q, rows, pooled + 1) {
        LEFT_OVER(output)
        const T share = T(A(g[row * pooled + q]) / A(width));
        for (Index k = 0; k < width; k++) output[row * row_length + q * width + k] = share;
    }
}
// `p (1 + x - y) g` with the softmax p and the output y.
KERNEL(pool_weighted_backward)(const T* x, const T* y, const T* g, T* output, Index rows, Index row_length, Index pooled,
                               Index width) {
    EACH_OF_ROWS(row, q, rows, pooled + 1) {
        LEFT_OVER(output)
        const T* window = x + row * row_length + q * width;
        const A top = largest_of(window, width), mean = A(y[row * pooled + q]), gradient = A(g[row * pooled + q]);
        A sum = A(0);
        for (Index k = 0; k < width; k++) sum += exp(A(window[k]) - top);
        for (Index k = 0; k < width; k++) {
            const A value = A(window[k]);
            output[row * row_length + q * width + k] = T(gradient * (exp(value - top) / sum) * (A(1) + value - mean));
        }
    }
}
