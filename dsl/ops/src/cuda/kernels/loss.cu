// Losses that are a mean of terms over the targets that are there, and correlations of rows. Values stay on the device:
// `total` holds the loss and 1 over the number of terms.
#include "common.cuh"

struct Term {
    A value, slope;
};

DEVICE A bounded_log(A x) {
    const A value = log(x);
    return value < A(-100) ? A(-100) : value;
}

// 0 mse, 1 Poisson of rates, 2 Poisson of logarithms, 3 cross-entropy, 4 cross-entropy of logits.
DEVICE Term term_of(Index kind, A p, A t, A epsilon) {
    switch (kind) {
        case 0: return {(p - t) * (p - t), A(2) * (p - t)};
        case 1: return {p - t * log(p + epsilon), A(1) - t / (p + epsilon)};
        case 2: return {exp(p) - t * p, exp(p) - t};
        case 3: {
            const A spread = p * (A(1) - p);
            return {-(t * bounded_log(p) + (A(1) - t) * bounded_log(A(1) - p)),
                    (p - t) / (spread < A(1e-12) ? A(1e-12) : spread)};
        }
        default: return {(A(1) - t) * p + soft_plus(-p), logistic(p) - t};
    }
}

DEVICE bool counts(const T* target, const T* mask, Index i) {
    const A t = A(target[i]);
    return t == t && (!mask || A(mask[i]) != A(0));
}

// Sum of terms and their number, over a part of the values.
BLOCK_KERNEL(loss_values)(const T* prediction, const T* target, const T* mask, A* partial, Index n, Index kind, double epsilon) {
    const Index size = (n + gridDim.x - 1) / gridDim.x;
    const Index begin = min(blockIdx.x * size, n), end = min(begin + size, n);
    A sum = A(0), number = A(0);
    for (Index i = begin + threadIdx.y; i < end; i += blockDim.y)
        if (counts(target, mask, i)) {
            sum += term_of(kind, A(prediction[i]), A(target[i]), A(epsilon)).value;
            number += A(1);
        }
    sum = column_sum(sum);
    number = column_sum(number);
    if (threadIdx.y == 0) {
        partial[2 * blockIdx.x] = sum;
        partial[2 * blockIdx.x + 1] = number;
    }
}
BLOCK_KERNEL(loss_total)(const A* partial, A* total, Index count) {
    A sum = A(0), number = A(0);
    for (Index i = threadIdx.y; i < count; i += blockDim.y) {
        sum += partial[2 * i];
        number += partial[2 * i + 1];
    }
    sum = column_sum(sum);
    number = column_sum(number);
    if (threadIdx.y == 0) {
        total[0] = number > A(0) ? sum / number : A(0);
        total[1] = number > A(0) ? A(1) / number : A(0);
    }
}
KERNEL(loss_gradient)(const T* prediction, const T* target, const T* mask, const A* total, T* output, Index n, Index kind,
                      double epsilon) {
    EACH(i, n) {
        const bool here = counts(target, mask, i);
        output[i] = T(here ? term_of(kind, A(prediction[i]), A(target[i]), A(epsilon)).slope * total[1] : A(0));
    }
}

// One minus Pearson's correlation of each row of `[outer, size, inner]` along the middle axis: a block per row. `rows`
// gets the value, whether the row has two targets, and what the gradient needs: means, 1 / norm of both, r.
BLOCK_KERNEL(correlation_rows)(const T* prediction, const T* target, const T* mask, A* rows, Index size, Index inner, double flat) {
    const Index row = blockIdx.x, start = row / inner * size * inner + row % inner;
    A number = A(0), x = A(0), y = A(0), x_top = A(0), y_top = A(0);
    for (Index k = threadIdx.y; k < size; k += blockDim.y) {
        const Index i = start + k * inner;
        if (!counts(target, mask, i)) continue;
        number += A(1);
        x += A(prediction[i]);
        y += A(target[i]);
        x_top = max(x_top, A(fabs(A(prediction[i]))));
        y_top = max(y_top, A(fabs(A(target[i]))));
    }
    number = column_sum(number);
    const A least = number > A(1) ? number : A(1);
    x = column_sum(x) / least;
    y = column_sum(y) / least;
    x_top = column_largest(x_top);
    y_top = column_largest(y_top);
    A xx = A(0), yy = A(0), xy = A(0);
    for (Index k = threadIdx.y; k < size; k += blockDim.y) {
        const Index i = start + k * inner;
        if (!counts(target, mask, i)) continue;
        const A a = A(prediction[i]) - x, b = A(target[i]) - y;
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    xx = sqrt(column_sum(xx));
    yy = sqrt(column_sum(yy));
    xy = column_sum(xy);
    if (threadIdx.y != 0) return;
    const bool here = number >= A(2), level = xx <= A(flat) * x_top * sqrt(least) || yy <= A(flat) * y_top * sqrt(least);
    const A r = level ? A(0) : xy / (xx * yy);
    A* out = rows + row * 7;
    out[0] = here ? A(1) - r : A(0);
    out[1] = here ? A(1) : A(0);
    out[2] = x;
    out[3] = y;
    out[4] = level || !here ? A(0) : A(1) / xx;
    out[5] = level || !here ? A(0) : A(1) / yy;
    out[6] = r;
}
BLOCK_KERNEL(correlation_total)(const A* rows, A* total, Index count) {
    A sum = A(0), number = A(0);
    for (Index i = threadIdx.y; i < count; i += blockDim.y) {
        sum += rows[7 * i];
        number += rows[7 * i + 1];
    }
    sum = column_sum(sum);
    number = column_sum(number);
    if (threadIdx.y == 0) {
        total[0] = number > A(0) ? sum / number : A(0);
        total[1] = number > A(0) ? A(1) / number : A(0);
    }
}
KERNEL(correlation_gradient)(const T* prediction, const T* target, const T* mask, const A* rows, const A* total, T* output,
                             Index n, Index size, Index inner) {
    EACH(i, n) {
        const A* row = rows + (i / (size * inner) * inner + i % inner) * 7;
        const A a = (A(prediction[i]) - row[2]) * row[4], b = (A(target[i]) - row[3]) * row[5];
        output[i] = T(counts(target, mask, i) ? total[1] * row[4] * (row[6] * a - b) : A(0));
    }
}
