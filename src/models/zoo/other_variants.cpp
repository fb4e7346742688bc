#include "models/zoo/other_variants.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/json.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCameras =
    "a checkpoint for several cameras at once, whose views attend to one another, which is not implemented: use "
    "Cosmos3-Nano or Cosmos3-Super, a clip for each camera";
constexpr std::string_view kLidar =
    "a checkpoint that makes LiDAR sweeps beside video, which is not implemented: use Cosmos3-Nano or Cosmos3-Super";
constexpr std::string_view kCausal =
    "a causal (autoregressive) checkpoint, which makes a video a few frames at a time from those before, which is not "
    "implemented: use the bidirectional checkpoint that it was made from";
constexpr std::string_view kLora =
    "LoRA weights, which are not applied here: merge them into the checkpoint's own weights first, "
    "and give that folder without them";
constexpr std::string_view kNvfp4 =
    "with a weight_scale beside it, as in NVFP4 checkpoints (4-bit weights, two in a byte), which are not read: take "
    "the checkpoint's revision in bf16 or fp8";

// A text in a key's or tensor's name, and the message for the variant that it reveals.
struct Mark {
  std::string_view text;
  std::string_view sentence;
};

constexpr std::array kTensorMarks{Mark{"rig_view_embed", kCameras}, Mark{"lidar_", kLidar}, Mark{"lora_", kLora},
                                  Mark{".lora.", kLora}};
constexpr std::array kKeyMarks{Mark{"rig_view", kCameras},      Mark{"multiview", kCameras}, Mark{"lidar", kLidar},
                               Mark{"autoregressive", kCausal}, Mark{"causal", kCausal},     Mark{"lora", kLora}};
constexpr std::array<std::string_view, 3> kLoraFiles{"adapter_config.json", "adapter_model.safetensors",
                                                     "pytorch_lora_weights.safetensors"};

template <class Marks>
std::string_view sentence_for(std::string_view text, const Marks& marks) {
  const auto found = std::find_if(marks.begin(), marks.end(),
                                  [&](const Mark& mark) { return text.find(mark.text) != std::string_view::npos; });
  return found == marks.end() ? std::string_view() : found->sentence;
}

// Whether the tensor holds 4-bit weights, two in a byte: an NVFP4 module has MODULE.weight (ModelOpt) or
// MODULE.weight_packed (compressed-tensors), and MODULE.weight_scale beside it.
bool is_packed(const WeightSource& source, const std::string& name) {
  for (const std::string_view suffix : {"", "_packed"}) {
    const std::string ending = std::string(".weight").append(suffix);
    if (!name.ends_with(ending)) continue;
    const std::string& dtype = source.find(name)->dtype;
    const std::string factor = name.substr(0, name.size() - suffix.size()) + "_scale";
    return (dtype == "U8" || dtype == "F4") && source.find(factor) != nullptr;
  }
  return false;
}

[[noreturn]] void refuse_variant(const std::string& where, std::string_view sentence) {
  throw InputError(where + ": " + std::string(sentence));
}

// Whether a value turns its key's feature off: null, false, 0 or empty.
bool is_off(const Json& value) {
  return value.is_null() || value == false || (value.is_number() && value == 0) || value.empty();
}

// The message for the variant that a key reveals, or "". `backbone_type` names a variant in its value, all other keys
// in their names.
std::string_view sentence_for_key(const std::string& key, const Json& value) {
  if (is_off(value)) return "";
  if (key != "backbone_type") return sentence_for(key, kKeyMarks);
  const std::string_view by_name =
      value.is_string() ? sentence_for(value.get_ref<const std::string&>(), kKeyMarks) : "";
  return by_name.empty() ? kCausal : by_name;
}

}  // namespace

void refuse_other_variants(const fs::path& checkpoint) {
  for (const fs::path& folder : {checkpoint, checkpoint / "transformer"}) {
    for (const std::string_view name : kLoraFiles) {
      if (is_there(folder / name)) refuse_variant((folder / name).string(), kLora);
    }
  }
  const fs::path config = checkpoint / "transformer" / "config.json";
  if (!is_there(config)) return;
  const Json json = parse_json_file(config);
  if (!json.is_object()) return;  // refused when it is read as a config
  for (const auto& [key, value] : json.items()) {
    const std::string_view sentence = sentence_for_key(key, value);
    if (!sentence.empty()) refuse_variant(config.string() + ": " + key, sentence);
  }
}

void refuse_other_tensors(const WeightSource& transformer) {
  for (const std::string& name : transformer.names()) {
    const std::string_view sentence = sentence_for(name, kTensorMarks);
    if (!sentence.empty()) refuse_variant(transformer.where(name) + ": tensor " + name, sentence);
    if (is_packed(transformer, name)) {
      refuse_variant(transformer.where(name) + ": tensor " + name + ": " + transformer.find(name)->dtype, kNvfp4);
    }
  }
}

}  // namespace orrery
