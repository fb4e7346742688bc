#pragma once

#include <string>

#include "base/core/json.h"
#include "io/latents/latent_store.h"
#include "models/kernels/scaled_rows.h"
#include "models/nn/attention.h"
#include "models/nn/precision.h"
#include "models/sampler/schedule.h"
#include "models/zoo/checkpoint_files.h"
#include "pipeline/request.h"

namespace orrery {

// Every choice of a run that changes the numbers of its clips, beside what their manifest lines say. What changes speed
// alone is not in it. Latent files and snapshots store it in their `model`, but for the schedule, whose sigmas they
// have. A new entry is a member here, and a row of the table in recipe.cpp.
struct Recipe {
  ScheduleRule schedule;
  RowFormat products = RowFormat::Plain;
  FullPrecisionSteps full_precision_steps;  // none where nothing is in 8 bits
  InputScales input_scales = InputScales::Dynamic;
  AttentionKernel attention = AttentionKernel::Aten;
  RowFormat attention_format = RowFormat::Plain;
};

// The recipe that the options ask for, with the kernel that the ranks agreed on. Throws what schedule_of() throws.
Recipe recipe_of(const ModelOptions& options, const CheckpointFiles& checkpoint,
                 AttentionKernel attention = AttentionKernel::Aten);

// All entries but the schedule, by the names that files and options have for them.
Json to_json(const Recipe& recipe);
// Adds them to what a latent file says of its model, but for those that have the value that a file without them means.
void add_recipe(const Recipe& recipe, Json& model);

// Adds those that make another clip when they differ, in the same way: what a clip is made from.
void add_identity(const Recipe& recipe, Json& json);

// The option of the first entry in which a file's clip differs from the request's by `recipe`, such as "gemm"; "" when
// it is the same clip. The attention kernel makes no other clip: it rounds differently.
std::string other_entry(const LatentHeader& file, const Recipe& recipe, const Request& request);

// What going on by `recipe` means for a clip whose file's `model` names other entries that make no other clip, such as
// the attention kernel; "" when they are the same, or the file does not say.
std::string remark_on_resuming(const std::string& model, const Recipe& recipe);

}  // namespace orrery
