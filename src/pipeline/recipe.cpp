#include "pipeline/recipe.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace orrery {
namespace {

struct Entry {
  const char* name;
  const char* option;
  std::string_view unsaid;  // value of files without the entry; "": not known
  bool makes_other_clips;
  std::string (*value)(const Recipe& recipe);
  bool follows_others = false;  // its default depends on others: where one of those differs, that one is named
};

std::string steps_text(const FullPrecisionSteps& steps) { return fmt::format("{},{}", steps.first, steps.last); }

constexpr std::array kEntries{
    Entry{"gemm", "gemm", "bf16", true, [](const Recipe& r) { return std::string(choice_name(r.products)); }},
    Entry{"full_precision_steps", "full-precision-steps", "0,0", true,
          [](const Recipe& r) { return steps_text(r.full_precision_steps); }, true},
    Entry{"input_scales", "input-scales", "dynamic", true,
          [](const Recipe& r) { return std::string(choice_name(r.input_scales)); }, true},
    Entry{"attention", "attention-kernel", "", false, [](const Recipe& r) { return name_of(r.attention); }},
    Entry{"attention_format", "attention", "bf16", true,
          [](const Recipe& r) { return std::string(choice_name(r.attention_format)); }},
    Entry{"sampler", "schedule", "unipc", true,
          [](const Recipe& r) { return std::string(r.schedule.is_fixed() ? "fixed_step" : "unipc"); }}};

// The entry's value in a file's model.
std::string said(const Json& model, const Entry& entry) {
  if (!model.is_object()) return "";
  const Json found = model.value(entry.name, Json(entry.unsaid));
  return found.is_string() ? found.get<std::string>() : found.dump();
}

void add_unless_unsaid(const Entry& entry, const Recipe& recipe, Json& json) {
  const std::string value = entry.value(recipe);
  if (value != entry.unsaid) json[entry.name] = value;
}

}  // namespace

Recipe recipe_of(const ModelOptions& options, const CheckpointFiles& checkpoint, AttentionKernel attention) {
  return {schedule_of(options.schedule, checkpoint), options.products, full_precision_steps(options, checkpoint),
          input_scales(options, checkpoint),         attention,        options.attention_format};
}

Json to_json(const Recipe& recipe) {
  Json json = Json::object();
  for (const Entry& entry : kEntries) json[entry.name] = entry.value(recipe);
  return json;
}

void add_recipe(const Recipe& recipe, Json& model) {
  for (const Entry& entry : kEntries) add_unless_unsaid(entry, recipe, model);
}

void add_identity(const Recipe& recipe, Json& json) {
  for (const Entry& entry : kEntries) {
    if (entry.makes_other_clips) add_unless_unsaid(entry, recipe, json);
  }
}

std::string other_entry(const LatentHeader& file, const Recipe& recipe, const Request& request) {
  const Json model = parse_object_or_null(file.model);
  const char* follower = nullptr;
  for (const Entry& entry : kEntries) {
    if (!entry.makes_other_clips || said(model, entry) == entry.value(recipe)) continue;
    if (!entry.follows_others) return entry.option;
    if (follower == nullptr) follower = entry.option;
  }
  if (follower != nullptr) return follower;
  return file.sigmas == make_schedule(recipe.schedule, request.steps, request.flow_shift).sigmas ? "" : "schedule";
}

std::string remark_on_resuming(const std::string& model, const Recipe& recipe) {
  const Json before = parse_object_or_null(model);
  for (const Entry& entry : kEntries) {
    const std::string was = said(before, entry), is = entry.value(recipe);
    if (entry.makes_other_clips || was.empty() || was == is) continue;
    return std::string(entry.name) + " was computed by " + was + " so far and is by " + is +
           " from here on: the latents differ in their bits from those of either alone";
  }
  return "";
}

}  // namespace orrery
