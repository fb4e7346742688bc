#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <optional>

#include "base/core/choice.h"
#include "models/kernels/scaled_rows.h"
#include "models/nn/linear.h"
#include "models/nn/precision.h"

namespace orrery {

enum class Dtype { Auto, Float32, BFloat16 };  // Auto: bfloat16 on a GPU, float32 on a CPU

constexpr auto choices(Dtype) {
  return std::array{Choice<Dtype>{"auto", Dtype::Auto}, Choice<Dtype>{"float32", Dtype::Float32},
                    Choice<Dtype>{"bfloat16", Dtype::BFloat16}};
}

// Auto: Karras when the checkpoint's scheduler_config.json says so, otherwise Native.
enum class ScheduleChoice { Native, DoubleShift, Karras, Auto };

constexpr auto choices(ScheduleChoice) {
  return std::array{Choice<ScheduleChoice>{"native", ScheduleChoice::Native},
                    Choice<ScheduleChoice>{"double_shift", ScheduleChoice::DoubleShift},
                    Choice<ScheduleChoice>{"karras", ScheduleChoice::Karras},
                    Choice<ScheduleChoice>{"auto", ScheduleChoice::Auto}};
}

enum class TextTower { Keep, Release, Auto };  // Auto: Release when both towers do not fit the device

constexpr auto choices(TextTower) {
  return std::array{Choice<TextTower>{"keep", TextTower::Keep}, Choice<TextTower>{"release", TextTower::Release},
                    Choice<TextTower>{"auto", TextTower::Auto}};
}

enum class AttentionWish { Auto, Fa3, Cudnn };  // Auto: the fastest that every rank has

constexpr auto choices(AttentionWish) {
  return std::array{Choice<AttentionWish>{"auto", AttentionWish::Auto},
                    Choice<AttentionWish>{"fa3", AttentionWish::Fa3},
                    Choice<AttentionWish>{"cudnn", AttentionWish::Cudnn}};
}

// Factors of inputs in 8 bits. Static: the checkpoint's if it has them; Dynamic: one computed for each row.
enum class InputScales { Static, Dynamic };

constexpr auto choices(InputScales) {
  return std::array{Choice<InputScales>{"static", InputScales::Static},
                    Choice<InputScales>{"dynamic", InputScales::Dynamic}};
}

// Default for checkpoints that say nothing: the value in NVIDIA's 8-bit checkpoints.
inline constexpr FullPrecisionSteps kFullPrecisionSteps{3, 3};

// Which model a run takes, and how it computes.
struct ModelOptions {
  std::filesystem::path checkpoint;  // a folder, or "random:NAME"
  Dtype dtype = Dtype::Auto;
  RowFormat products = RowFormat::Plain;
  InputScales input_scales = InputScales::Static;
  std::optional<FullPrecisionSteps> full_precision_steps;  // none: the checkpoint's, or kFullPrecisionSteps
  AttentionWish attention = AttentionWish::Auto;
  RowFormat attention_format = RowFormat::Plain;  // format of the media tower's attention
  TextTower text_tower = TextTower::Auto;
  ScheduleChoice schedule = ScheduleChoice::Native;

  ProductSettings product_settings() const { return {products, input_scales == InputScales::Static}; }
  // Whether any part of a step is computed in 8 bits.
  bool in_8_bits() const { return products == RowFormat::Float8 || attention_format == RowFormat::Float8; }
};

// The dtype in which a model computes on `device`.
inline at::ScalarType compute_dtype(Dtype dtype, at::Device device) {
  if (dtype == Dtype::Auto) return device.is_cuda() ? at::kBFloat16 : at::kFloat;
  return dtype == Dtype::Float32 ? at::kFloat : at::kBFloat16;
}

}  // namespace orrery
