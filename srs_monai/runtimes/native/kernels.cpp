// Kernels of the residual block, for one float32 image at a time in the layout (rows, columns, channels).
//
// 3x3 convolutions use Winograd's F(4x4, 3x3): 36 multiplications in place of 144. The number of channels is a multiple of
// the vector length; the caller fills missing channels with zeros. An input may be several images, joined by channel.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include <omp.h>

namespace {

#if defined(__AVX512F__)
constexpr int LANES = 16;
constexpr int WIDEST = 4;  // vectors in one row of a register block
#else
constexpr int LANES = 8;
constexpr int WIDEST = 2;
#endif
typedef float Vector __attribute__((vector_size(LANES * sizeof(float))));
typedef float Loose __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

inline Vector load(const float* from) { return *reinterpret_cast<const Loose*>(from); }
inline void store(float* to, Vector value) { *reinterpret_cast<Loose*>(to) = value; }
inline Vector all(float value) { return Vector{} + value; }
inline Vector larger(Vector a, Vector b) { return a > b ? a : b; }
inline Vector rectified(Vector a) { return a < 0 ? Vector{} : a; }  // NaN stays NaN

constexpr int SIDE = 6;                 // side of a transformed tile
constexpr int STEP = 4;                 // side of the result of a tile
constexpr int PLACES = SIDE * SIDE;

struct Buffer {
    float* data = nullptr;
    size_t size = 0;
    float* of(size_t wanted) {
        if (wanted > size) {
            std::free(data);
            size = (wanted + 15) / 16 * 16;
            data = static_cast<float*>(std::aligned_alloc(64, size * sizeof(float)));
        }
        return data;
    }
    ~Buffer() { std::free(data); }
};
thread_local Buffer seen_buffer, product_buffer;

// c = a b; a has ROWS rows, b is packed as (depth, WIDTH * LANES). With more, the product is added to c
template <int ROWS, int WIDTH>
inline void multiply_block(const float* a, ptrdiff_t a_row, const float* b, int depth, float* c, ptrdiff_t c_row, bool more) {
    Vector sum[ROWS][WIDTH];
    for (int r = 0; r < ROWS; ++r)
        for (int w = 0; w < WIDTH; ++w) sum[r][w] = more ? load(c + r * c_row + w * LANES) : Vector{};
    for (int k = 0; k < depth; ++k) {
        Vector right[WIDTH];
#pragma GCC unroll 4
        for (int w = 0; w < WIDTH; ++w) right[w] = load(b + w * LANES);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; ++r) {
            const Vector left = all(a[r * a_row + k]);
#pragma GCC unroll 4
            for (int w = 0; w < WIDTH; ++w) sum[r][w] += left * right[w];
        }
        b += WIDTH * LANES;
    }
    for (int r = 0; r < ROWS; ++r)
        for (int w = 0; w < WIDTH; ++w) store(c + r * c_row + w * LANES, sum[r][w]);
}

template <int WIDTH>
void multiply_columns(const float* a, ptrdiff_t a_row, int rows, const float* b, int depth, float* c, ptrdiff_t c_row, bool more) {
    constexpr int ROWS = WIDTH == 4 || LANES < 16 ? 6 : 8;  // as many as fit into the registers
    for (; rows >= ROWS; rows -= ROWS, a += ROWS * a_row, c += ROWS * c_row)
        multiply_block<ROWS, WIDTH>(a, a_row, b, depth, c, c_row, more);
    switch (rows) {
        case 7: return multiply_block<ROWS == 8 ? 7 : 1, WIDTH>(a, a_row, b, depth, c, c_row, more);
        case 6: return multiply_block<ROWS == 8 ? 6 : 1, WIDTH>(a, a_row, b, depth, c, c_row, more);
        case 5: return multiply_block<5, WIDTH>(a, a_row, b, depth, c, c_row, more);
        case 4: return multiply_block<4, WIDTH>(a, a_row, b, depth, c, c_row, more);
        case 3: return multiply_block<3, WIDTH>(a, a_row, b, depth, c, c_row, more);
        case 2: return multiply_block<2, WIDTH>(a, a_row, b, depth, c, c_row, more);
        case 1: return multiply_block<1, WIDTH>(a, a_row, b, depth, c, c_row, more);
        default: return;
    }
}

// widths of the strips of packed columns: WIDEST vectors while they fit, then half as many, and so on
inline int next_width(int vectors) {
    int width = WIDEST;
    while (width > vectors) width /= 2;
    return width;
}

// c (rows, columns) = a (rows, depth) times the rows of b from row `first` on. b is packed in strips (all_rows, width), one
// after the other, with widths from next_width
void multiply(const float* a, ptrdiff_t a_row, int rows, const float* b, int first, int depth, int all_rows, float* c,
              ptrdiff_t c_row, int columns, bool more) {
    for (int vectors = columns / LANES; vectors > 0;) {
        const int width = next_width(vectors);
        const float* right = b + static_cast<ptrdiff_t>(first) * width * LANES;
        if (width == 4) multiply_columns<4>(a, a_row, rows, right, depth, c, c_row, more);
        else if (width == 2) multiply_columns<2>(a, a_row, rows, right, depth, c, c_row, more);
        else multiply_columns<1>(a, a_row, rows, right, depth, c, c_row, more);
        b += static_cast<ptrdiff_t>(all_rows) * width * LANES;
        c += width * LANES;
        vectors -= width;
    }
}

inline void into_tile(const Vector d[SIDE], Vector t[SIDE]) {
    t[0] = 4.f * d[0] - 5.f * d[2] + d[4];
    const Vector a = d[4] - 4.f * d[2], b = d[3] - 4.f * d[1];
    t[1] = a + b;
    t[2] = a - b;
    const Vector e = d[4] - d[2], f = 2.f * (d[3] - d[1]);
    t[3] = e + f;
    t[4] = e - f;
    t[5] = 4.f * d[1] - 5.f * d[3] + d[5];
}

inline void out_of_tile(const Vector m[SIDE], Vector y[STEP]) {
    const Vector a = m[1] + m[2], b = m[1] - m[2], e = m[3] + m[4], f = m[3] - m[4];
    y[0] = m[0] + a + e;
    y[1] = b + 2.f * f;
    y[2] = a + 4.f * e;
    y[3] = b + 8.f * f + m[5];
}

}  // namespace

extern "C" {

int lanes() { return LANES; }

int widest() { return WIDEST; }

struct Part {           // a part of an input: an image (height, width, channels), contiguous
    const float* data;
    int32_t channels;   // a multiple of LANES
};

// result (height, width, out) = 3x3 convolution of the parts, joined by channel. sums and peaks (threads, out) receive the
// sum and the maximum over space for each thread; they may be null
void convolve3(const Part* parts, int n_parts, int height, int width, const float* kernel, const float* bias, int out,
               int rectify, float* result, float* sums, float* peaks, int threads) {
    int depth = 0;
    for (int i = 0; i < n_parts; ++i) depth += parts[i].channels;
    const int across = (width + STEP - 1) / STEP, tiles = across * ((height + STEP - 1) / STEP);
    const int room = 256 * 1024;  // floats in a block of tiles, about the size of the second-level cache
    const int fitting = std::max(6, room / (PLACES * (depth + out)));
    int blocks = (tiles + fitting - 1) / fitting;
    blocks = (blocks + threads - 1) / threads * threads;
    const int block = (tiles + blocks - 1) / blocks;
#pragma omp parallel num_threads(threads)
    {
        float* seen = seen_buffer.of(static_cast<size_t>(PLACES) * block * depth);
        float* product = product_buffer.of(static_cast<size_t>(PLACES) * block * out);
        const int me = omp_get_thread_num();
        if (sums != nullptr) {
            std::fill_n(sums + me * out, out, 0.f);
            std::fill_n(peaks + me * out, out, -std::numeric_limits<float>::infinity());
        }
#pragma omp for schedule(static)
        for (int start = 0; start < tiles; start += block) {
            const int count = std::min(block, tiles - start);
            for (int t = 0; t < count; ++t) {
                const int top = (start + t) / across * STEP - 1, left = (start + t) % across * STEP - 1;
                const bool inside = top >= 0 && left >= 0 && top + SIDE <= height && left + SIDE <= width;
                float* to = seen + static_cast<ptrdiff_t>(t) * depth;
                for (int i = 0; i < n_parts; ++i) {
                    const int channels = parts[i].channels;
                    for (int c = 0; c < channels; c += LANES, to += LANES) {
                        const float* from = parts[i].data + (static_cast<ptrdiff_t>(top) * width + left) * channels + c;
                        Vector half[SIDE][SIDE];
                        for (int row = 0; row < SIDE; ++row) {
                            Vector d[SIDE];
                            if (inside) {
#pragma GCC unroll 6
                                for (int col = 0; col < SIDE; ++col) d[col] = load(from + (static_cast<ptrdiff_t>(row) * width + col) * channels);
                            } else {
                                for (int col = 0; col < SIDE; ++col) {
                                    const bool there = top + row >= 0 && top + row < height && left + col >= 0 && left + col < width;
                                    d[col] = there ? load(from + (static_cast<ptrdiff_t>(row) * width + col) * channels) : Vector{};
                                }
                            }
                            into_tile(d, half[row]);
                        }
#pragma GCC unroll 6
                        for (int col = 0; col < SIDE; ++col) {
                            Vector d[SIDE], v[SIDE];
#pragma GCC unroll 6
                            for (int row = 0; row < SIDE; ++row) d[row] = half[row][col];
                            into_tile(d, v);
#pragma GCC unroll 6
                            for (int row = 0; row < SIDE; ++row)
                                store(to + static_cast<ptrdiff_t>(row * SIDE + col) * block * depth, v[row]);
                        }
                    }
                }
            }
            for (int p = 0; p < PLACES; ++p)
                multiply(seen + static_cast<ptrdiff_t>(p) * block * depth, depth, count,
                         kernel + static_cast<ptrdiff_t>(p) * depth * out, 0, depth, depth,
                         product + static_cast<ptrdiff_t>(p) * block * out, out, out, false);
            for (int t = 0; t < count; ++t) {
                const int top = (start + t) / across * STEP, left = (start + t) % across * STEP;
                const int rows = std::min(STEP, height - top), cols = std::min(STEP, width - left);
                for (int c = 0; c < out; c += LANES) {
                    const float* from = product + static_cast<ptrdiff_t>(t) * out + c;
                    Vector half[STEP][SIDE];
#pragma GCC unroll 6
                    for (int col = 0; col < SIDE; ++col) {
                        Vector m[SIDE], y[STEP];
#pragma GCC unroll 6
                        for (int row = 0; row < SIDE; ++row) m[row] = load(from + static_cast<ptrdiff_t>(row * SIDE + col) * block * out);
                        out_of_tile(m, y);
#pragma GCC unroll 4
                        for (int row = 0; row < STEP; ++row) half[row][col] = y[row];
                    }
                    const Vector added = load(bias + c);
                    Vector total{}, peak = all(-std::numeric_limits<float>::infinity());
                    for (int row = 0; row < rows; ++row) {
                        Vector y[STEP];
                        out_of_tile(half[row], y);
                        float* to = result + (static_cast<ptrdiff_t>(top + row) * width + left) * out + c;
                        for (int col = 0; col < cols; ++col) {
                            Vector value = y[col] + added;
                            if (rectify) value = rectified(value);
                            store(to + static_cast<ptrdiff_t>(col) * out, value);
                            total += value;
                            peak = larger(value, peak);
                        }
                    }
                    if (sums != nullptr) {
                        store(sums + me * out + c, load(sums + me * out + c) + total);
                        store(peaks + me * out + c, larger(peak, load(peaks + me * out + c)));
                    }
                }
            }
        }
    }
}

// result (pixels, out) = 1x1 convolution of the parts, joined by channel
void convolve1(const Part* parts, int n_parts, int pixels, const float* kernel, const float* bias, int out, int rectify,
               float* result, int threads) {
    const int block = 48;
    int depth = 0;
    for (int i = 0; i < n_parts; ++i) depth += parts[i].channels;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int start = 0; start < pixels; start += block) {
        const int count = std::min(block, pixels - start);
        float* to = result + static_cast<ptrdiff_t>(start) * out;
        for (int r = 0; r < count; ++r) std::memcpy(to + static_cast<ptrdiff_t>(r) * out, bias, out * sizeof(float));
        for (int i = 0, first = 0; i < n_parts; first += parts[i++].channels) {
            const int channels = parts[i].channels;
            multiply(parts[i].data + static_cast<ptrdiff_t>(start) * channels, channels, count, kernel, first, channels, depth,
                     to, out, out, true);
        }
        if (rectify)
            for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(count) * out; i += LANES) store(to + i, rectified(load(to + i)));
    }
}

// weights (stride) = sigmoid(fc2(relu(fc1 mean) + relu(fc1 peak))), from the sum and the maximum of every channel
void weigh_channels(const float* sums, const float* peaks, int threads, int pixels, int channels, int stride, const float* fc1,
                    const float* fc2, int hidden, float* weights) {
    std::vector<float> mean(channels), peak(channels), middle(hidden);
    for (int c = 0; c < channels; ++c) {
        mean[c] = 0;
        peak[c] = -std::numeric_limits<float>::infinity();
        for (int t = 0; t < threads; ++t) {
            mean[c] += sums[t * stride + c];
            peak[c] = std::max(peak[c], peaks[t * stride + c]);
        }
        mean[c] /= pixels;
    }
    for (int h = 0; h < hidden; ++h) {
        float of_mean = 0, of_peak = 0;
        for (int c = 0; c < channels; ++c) {
            of_mean += fc1[h * channels + c] * mean[c];
            of_peak += fc1[h * channels + c] * peak[c];
        }
        middle[h] = std::max(of_mean, 0.f) + std::max(of_peak, 0.f);
    }
    std::fill_n(weights, stride, 0.f);
    for (int c = 0; c < channels; ++c) {
        float sum = 0;
        for (int h = 0; h < hidden; ++h) sum += fc2[c * hidden + h] * middle[h];
        weights[c] = 1 / (1 + std::exp(-sum));
    }
}

// result = relu(image * channel weight * position weight + shortcut). The position weight comes from the mean and the maximum
// over the channels of the weighted image
void attend(const float* image, int height, int width, int channels, int stride, const float* weights, const float* kernel,
            const float* shortcut, float* result, int threads) {
    constexpr int REACH = 3, TAPS = 7;
    const ptrdiff_t wide = width + 2 * REACH + LANES;  // row length of the two maps, with a border of zeros
    static thread_local Buffer map_buffer;
    float* means = map_buffer.of(2 * wide * (height + 2 * REACH));
    float* peaks = means + wide * (height + 2 * REACH);
    std::memset(means, 0, 2 * wide * (height + 2 * REACH) * sizeof(float));
    Vector absent{};  // 0, or minus infinity for missing channels in the last vector
    for (int l = 0; l < LANES; ++l) absent[l] = stride - LANES + l < channels ? 0 : -std::numeric_limits<float>::infinity();
#pragma omp parallel num_threads(threads)
    {
#pragma omp for schedule(static)
        for (int row = 0; row < height; ++row) {
            for (int col = 0; col < width; ++col) {
                const float* pixel = image + (static_cast<ptrdiff_t>(row) * width + col) * stride;
                Vector total{}, peak = load(pixel + stride - LANES) * load(weights + stride - LANES) + absent;
                for (int c = 0; c < stride; c += LANES) {
                    const Vector value = load(pixel + c) * load(weights + c);
                    total += value;
                    if (c + LANES < stride) peak = larger(value, peak);
                }
                float sum = 0, top = peak[0];
                for (int l = 0; l < LANES; ++l) sum += total[l];
                for (int l = 1; l < LANES; ++l) top = std::max(top, peak[l]);
                const ptrdiff_t place = (row + REACH) * wide + REACH + col;
                means[place] = sum / channels;
                peaks[place] = top;
            }
        }
        std::vector<float> row_weights(width + LANES);
#pragma omp for schedule(static)
        for (int row = 0; row < height; ++row) {
            for (int col = 0; col < width; col += LANES) {
                Vector sum{};
                for (int y = 0; y < TAPS; ++y)
#pragma GCC unroll 7
                    for (int x = 0; x < TAPS; ++x) {
                        const ptrdiff_t place = (row + y) * wide + col + x;
                        sum += kernel[y * TAPS + x] * load(means + place) + kernel[TAPS * TAPS + y * TAPS + x] * load(peaks + place);
                    }
                store(&row_weights[col], sum);
            }
#pragma omp simd
            for (int col = 0; col < width; ++col) row_weights[col] = 1 / (1 + std::exp(-row_weights[col]));
            for (int col = 0; col < width; ++col) {
                const ptrdiff_t pixel = (static_cast<ptrdiff_t>(row) * width + col) * stride;
                const Vector weight = all(row_weights[col]);
                for (int c = 0; c < stride; c += LANES) {
                    const Vector value = load(image + pixel + c) * load(weights + c) * weight + load(shortcut + pixel + c);
                    store(result + pixel + c, rectified(value));
                }
            }
        }
    }
}

struct Block {  // packed weights of a residual block; stride is the number of channels, rounded up to whole vectors
    const float *kernel1, *bias1, *kernel2, *bias2, *fc1, *fc2, *positions, *shortcut, *shortcut_bias;
    int32_t channels, stride, hidden;
};

// number of floats of work space for run_node
int64_t node_room(int height, int width, int stride, int threads) {
    return static_cast<int64_t>(3) * height * width * stride + (2 * threads + 1) * stride;
}

// result (height, width, stride) = a chain of residual blocks of one stride; the first block reads the parts
void run_node(const Part* parts, int n_parts, int height, int width, const Block* blocks, int n_blocks, float* room,
              float* result, int threads) {
    const int pixels = height * width, stride = blocks[0].stride;
    const ptrdiff_t map = static_cast<ptrdiff_t>(pixels) * stride;
    float *inner = room, *maps[2] = {room + map, room + 2 * map};
    float *sums = room + 3 * map, *peaks = sums + threads * stride, *weights = peaks + threads * stride;
    Part latest, middle{inner, stride};
    for (int i = 0; i < n_blocks; ++i) {
        const Block& block = blocks[i];
        float* y = i + 1 < n_blocks ? maps[i % 2] : result;
        convolve3(parts, n_parts, height, width, block.kernel1, block.bias1, stride, 1, inner, nullptr, nullptr, threads);
        convolve3(&middle, 1, height, width, block.kernel2, block.bias2, stride, 0, y, sums, peaks, threads);
        weigh_channels(sums, peaks, threads, pixels, block.channels, stride, block.fc1, block.fc2, block.hidden, weights);
        const float* around = parts[0].data;
        if (block.shortcut != nullptr) {  // the inner map is free again
            convolve1(parts, n_parts, pixels, block.shortcut, block.shortcut_bias, stride, 0, inner, threads);
            around = inner;
        }
        attend(y, height, width, block.channels, stride, weights, block.positions, around, y, threads);
        latest = {y, stride};
        parts = &latest;
        n_parts = 1;
    }
}

}  // extern "C"
