#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "models/nn/attention.h"

// Attention in 8 bits beside float64, on queries, keys and values of several distributions.
namespace orrery {

// What values are like. Outliers: smooth values, and every query and key has four channels that are 15 times as large.
enum class ValuesLike { AllOnes, Positive, Smooth, ZeroMean, Outliers };

std::string name_of(ValuesLike values);

struct AttentionSizes {
  std::int64_t queries, keys, text, heads, kv_heads, head_dim;
};

// Inputs in float32 whose numbers are bfloat16's: (queries or keys, heads, head_dim). Of the keys the last `text` are a
// text's.
struct AttentionInputs {
  at::Tensor q, k, v;
  std::int64_t text = 0;
};

// Draws inputs whose scores, scaled, have the standard deviation `score_std`.
AttentionInputs draw_inputs(const AttentionSizes& sizes, double score_std, ValuesLike values, at::Device device);

// With all scores written out, in float64: (queries, heads · head_dim).
at::Tensor exact_attention(const AttentionInputs& x);

// Rotated, centred and rounded as a layer does it; factors of queries and keys from the data.
Float8Operands rounded_inputs(const AttentionInputs& x);
// Rounded, without rotation and without centring.
Float8Operands plainly_rounded_inputs(const AttentionInputs& x);

// Relative RMS errors against float64.
struct Float8Errors {
  double bfloat16 = 0;  // of exact attention in bfloat16
  double plain = 0;     // in 8 bits without rotation and centring
  double rounded = 0;   // in 8 bits as the layers have it
};
Float8Errors attention_errors(const Attention& attention, const AttentionInputs& x);

// A line of a table of errors, for those who read a test's output.
void print_errors(const std::string& row, const Float8Errors& errors);

}  // namespace orrery
