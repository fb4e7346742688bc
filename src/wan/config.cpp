#include "wan/config.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
#include "core/json.h"

namespace orrery {
namespace {

constexpr std::int64_t kLargestSize = 1 << 20;

bool is_size(const Json& value) {
  return value.is_number_integer() && value.get<std::int64_t>() > 0 && value.get<std::int64_t>() <= kLargestSize;
}
bool is_flag(const Json& value) { return value.is_boolean(); }
bool is_finite(const Json& value) { return value.is_number() && std::isfinite(value.get<double>()); }
bool is_positive(const Json& value) { return is_finite(value) && value.get<double>() > 0; }

// Messages read "FILE: key: found X, expected Y".
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file.string()), json_(parse_json_file(file)) {
    require_input(json_.is_object(), file_ + ": expected a JSON object");
  }

  [[noreturn]] void refuse(const std::string& key, const Json& found, const std::string& expected) const {
    throw InputError(file_ + ": " + key + ": found " + found.dump() + ", expected " + expected);
  }

  const Json& at(const std::string& key) const {
    const auto found = json_.find(key);
    require_input(found != json_.end(), file_ + ": " + key + " is missing");
    return *found;
  }

  std::int64_t size(const std::string& key) const {
    if (!is_size(at(key))) refuse(key, at(key), "a positive whole number");
    return at(key).get<std::int64_t>();
  }

  std::int64_t size_or(const std::string& key, std::int64_t otherwise) const {
    return json_.contains(key) && !at(key).is_null() ? size(key) : otherwise;
  }

  template <class T>
  std::vector<T> list(const std::string& key, std::int64_t length, bool (*good)(const Json&), const char* what) const {
    const Json& value = at(key);
    const bool ok = value.is_array() && static_cast<std::int64_t>(value.size()) == length &&
                    std::all_of(value.begin(), value.end(), good);
    if (!ok) refuse(key, value, "a list of " + std::to_string(length) + " " + what);
    return value.get<std::vector<T>>();
  }

  void require_only(const std::string& key, const Json& only) const {
    if (at(key) != only) refuse(key, at(key), only.dump() + " (nothing else is implemented)");
  }

  void require_absent_or_empty(const std::string& key) const {
    if (json_.contains(key) && at(key) != Json::array()) refuse(key, at(key), "[] (nothing else is implemented)");
  }

 private:
  std::string file_;
  Json json_;
};

void require_implemented(const Reader& reader) {
  reader.require_only("is_residual", true);
  reader.require_only("patch_size", WanConfig::kPatch);
  reader.require_only("in_channels", WanConfig::kPatchChannels);
  reader.require_only("out_channels", WanConfig::kPatchChannels);
  reader.require_only("scale_factor_spatial", WanConfig::kSpatialFactor);
  reader.require_only("scale_factor_temporal", WanConfig::kTemporalFactor);
  reader.require_absent_or_empty("attn_scales");
}

// Where two widths in a row do not divide, channels could not be laid out over the larger picture.
void require_widths_divide(const Reader& reader, const WanConfig& c) {
  for (std::size_t i = 1; i < c.dim_mult.size(); ++i) {
    if (c.dim_mult[i] % c.dim_mult[i - 1] != 0) {
      reader.refuse("dim_mult", reader.at("dim_mult"), "each width to be a multiple of the one before");
    }
  }
}

}  // namespace

WanConfig read_wan_config(const std::filesystem::path& file) {
  const Reader reader(file);
  require_implemented(reader);
  WanConfig c;
  c.z_dim = reader.size("z_dim");
  c.base_dim = reader.size("base_dim");
  c.decoder_base_dim = reader.size_or("decoder_base_dim", c.base_dim);
  c.num_res_blocks = reader.size("num_res_blocks");
  // Halving three times after a patch of 2 makes the factor of 16, and two steps in time that of 4.
  c.dim_mult = reader.list<std::int64_t>("dim_mult", 4, is_size, "positive whole numbers");
  c.temporal_downsample = reader.list<bool>("temperal_downsample", 3, is_flag, "true or false, two of them true");
  if (std::count(c.temporal_downsample.begin(), c.temporal_downsample.end(), true) != 2) {
    reader.refuse("temperal_downsample", reader.at("temperal_downsample"), "two of the three to be true");
  }
  require_widths_divide(reader, c);
  c.latents_mean = reader.list<double>("latents_mean", c.z_dim, is_finite, "numbers (z_dim)");
  c.latents_std = reader.list<double>("latents_std", c.z_dim, is_positive, "positive numbers (z_dim)");
  return c;
}

}  // namespace orrery
