#include "io/checkpoint/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <istream>
#include <iterator>
#include <limits>
#include <optional>
#include <streambuf>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "base/core/file_content.h"
#include "base/core/json.h"
#include "io/checkpoint/weight_source.h"

namespace orrery {
namespace {

constexpr std::int64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr std::string_view kMetadata = "__metadata__";

// The beginning of a text, enough to recognize it.
std::string shown(const std::string& text) {
  constexpr std::size_t kShown = 200;
  return text.size() > kShown ? text.substr(0, kShown) + "..." : text;
}

// The file and the tensor that an error message names.
struct Place {
  const std::filesystem::path& path;
  std::string tensor;

  [[noreturn]] void refuse(const std::string& message) const {
    throw InputError(path.string() + ": " + (tensor.empty() ? "" : "tensor " + tensor + ": ") + message);
  }
};

// The text of the header, read from the file in blocks.
class HeaderText final : public std::streambuf {
 public:
  HeaderText(const InputFile& file, Range bytes) : file_(file), rest_(bytes) {}

 private:
  int_type underflow() override {
    const std::int64_t size = std::min(rest_.size, std::ssize(block_));
    if (size == 0) return traits_type::eof();
    file_.read({rest_.begin, size}, reinterpret_cast<std::byte*>(block_.data()), "header");
    rest_ = {rest_.begin + size, rest_.size - size};
    setg(block_.data(), block_.data(), block_.data() + size);
    return traits_type::to_int_type(block_.front());
  }

  const InputFile& file_;
  Range rest_;
  std::array<char, std::size_t{1} << 16> block_;
};

// Passes on the members of a header one after another and keeps none: a JSON tree takes several times the memory of its
// text, and a header may have 100 MB. The content of "__metadata__" is skipped.
class Members final : public SortedJson::json_sax_t {
 public:
  using OnMember = std::function<void(std::string name, const SortedJson& value)>;

  Members(const Place& place, OnMember on_member) : place_(place), on_member_(std::move(on_member)) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(SortedJson::number_integer_t value) override { return add(value); }
  bool number_unsigned(SortedJson::number_unsigned_t value) override { return add(value); }
  bool number_float(SortedJson::number_float_t value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return passes_over() || add(std::move(value)); }
  bool binary(SortedJson::binary_t&) override { return false; }  // JSON has none
  bool start_object(std::size_t) override { return open(SortedJson::value_t::object); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(SortedJson::value_t::array); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override;
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string said = error.what();
    const std::size_t code = said.find("] ");  // "[json.exception.parse_error.101] parse error at line 1, column 8: …"
    refuse("not valid JSON: " + said.substr(code == std::string::npos ? 0 : code + 2));
  }

 private:
  // A tensor of 64 dimensions has 70 values.
  static constexpr std::size_t kMostValues = 1000;

  [[noreturn]] void refuse(const std::string& reason) const {
    place_.refuse("the header, a damaged download?: " + shown(reason));
  }
  bool passes_over() const { return depth_ > 0 && name_ == kMetadata; }
  SortedJson& put(SortedJson value);
  bool add(SortedJson value);
  bool open(SortedJson::value_t type);
  bool close();
  bool hand_over();

  const Place& place_;
  OnMember on_member_;
  std::size_t depth_ = 0;           // open objects and arrays
  std::string name_;                // of the member being read
  SortedJson value_;                // of the member, as far as it has been read
  std::size_t values_ = 0;          // in the member
  std::vector<SortedJson*> parts_;  // its open objects and arrays
  SortedJson* part_ = nullptr;      // of the innermost object, whose key was read
  bool has_metadata_ = false;
};

bool Members::key(std::string& name) {
  if (depth_ == 1) {
    name_ = std::move(name);
    if (name_ == kMetadata && std::exchange(has_metadata_, true)) place_.refuse("the header names " + name_ + " twice");
    values_ = 0;
  } else if (!passes_over()) {
    const auto [place, is_new] = parts_.back()->emplace(name, nullptr);
    // A JSON parser silently keeps one of two equal keys, but a checkpoint with two is damaged.
    if (!is_new) place_.refuse("the header names " + shown(name) + " twice");
    part_ = &*place;
  }
  return true;
}

// Stores the next value where it belongs and returns it there.
SortedJson& Members::put(SortedJson value) {
  if (depth_ == 0) place_.refuse("the header is not a JSON object");
  if (++values_ > kMostValues) {
    Place{place_.path, shown(name_)}.refuse(fmt::format("its header entry has more than {} values", kMostValues));
  }
  if (parts_.empty()) return value_ = std::move(value);
  SortedJson& whole = *parts_.back();
  if (whole.is_object()) return *part_ = std::move(value);
  whole.push_back(std::move(value));
  return whole.back();
}

bool Members::add(SortedJson value) {
  if (passes_over()) return true;
  put(std::move(value));
  return parts_.empty() ? hand_over() : true;
}

bool Members::open(SortedJson::value_t type) {
  if (depth_ == kMostJsonDepth) refuse(fmt::format("JSON nested more than {} levels deep", kMostJsonDepth));
  const bool outermost = depth_ == 0 && type == SortedJson::value_t::object;
  if (!outermost && !passes_over()) parts_.push_back(&put(SortedJson(type)));
  ++depth_;
  return true;
}

bool Members::close() {
  --depth_;
  if (depth_ == 0 || passes_over()) return true;
  parts_.pop_back();
  return parts_.empty() ? hand_over() : true;
}

bool Members::hand_over() {
  on_member_(std::move(name_), value_);
  value_ = nullptr;
  return true;
}

void refuse_what_was_not_fetched(const InputFile& file, const Place& place) {
  std::string begin(static_cast<std::size_t>(std::min(file.size(), std::int64_t{kNotFetchedBytes})), '\0');
  file.read({0, std::ssize(begin)}, reinterpret_cast<std::byte*>(begin.data()), "its beginning");
  const std::string instead = not_fetched(begin);
  if (!instead.empty()) place.refuse(instead);
}

std::int64_t header_length(const InputFile& file, const Place& place) {
  refuse_what_was_not_fetched(file, place);
  if (file.size() < kLengthBytes) {
    place.refuse(fmt::format("{} bytes long: too short to be a safetensors file", file.size()));
  }
  std::uint64_t length = 0;
  file.read({0, kLengthBytes}, reinterpret_cast<std::byte*>(&length), "header");
  if (length > kMaxHeaderBytes) {
    place.refuse(fmt::format("not a safetensors file: it gives a header of {} bytes", length));
  }
  if (static_cast<std::int64_t>(length) > file.size() - kLengthBytes) {
    place.refuse(fmt::format("truncated: the header takes {} bytes, but the file has {}", length, file.size()));
  }
  return static_cast<std::int64_t>(length);
}

// The list of non-negative integers (63 bits) under `key`; none when it is anything else.
std::optional<std::vector<std::int64_t>> read_integers(const SortedJson& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_array()) return std::nullopt;
  std::vector<std::int64_t> result;
  for (const SortedJson& item : *found) {
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > kMax) return std::nullopt;
    result.push_back(item.get<std::int64_t>());
  }
  return result;
}

std::string shape_text(const SortedJson& entry) {
  return entry.contains("shape") ? shown(entry["shape"].dump()) : "missing";
}

// Size of the tensor from its dtype and shape [bytes]; none when it overflows or is not a whole number.
std::optional<std::int64_t> bytes_of(const std::vector<std::int64_t>& shape, int bits) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t total = bits;
  for (const std::int64_t extent : shape) {
    if (__builtin_mul_overflow(total, extent, &total)) return std::nullopt;
  }
  if (total % 8 != 0) return std::nullopt;
  return total / 8;
}

SafetensorsEntry read_entry(const SortedJson& entry, Range data, const Place& place) {
  if (!entry.is_object()) place.refuse("its header entry is not an object");
  const auto dtype = entry.find("dtype");
  if (dtype == entry.end() || !dtype->is_string()) place.refuse("dtype is missing or not a string");
  const StoredType* const type = find_stored_type(dtype->get_ref<const std::string&>());
  if (type == nullptr) place.refuse("unknown dtype " + shown(dtype->dump()));
  const auto shape = read_integers(entry, "shape");
  if (!shape) place.refuse("shape is " + shape_text(entry) + ", expected a list of non-negative integers");
  const auto offsets = read_integers(entry, "data_offsets");
  if (!offsets || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1]) {
    place.refuse("data_offsets are missing or not [begin, end]");
  }
  const Range bytes{(*offsets)[0], (*offsets)[1] - (*offsets)[0]};
  if (bytes.end() > data.size) {
    place.refuse(
        fmt::format("ends at byte {} of the data, of which the file has {}: truncated?", bytes.end(), data.size));
  }
  const auto expected = bytes_of(*shape, type->bits);
  if (!expected) place.refuse("shape " + shape_text(entry) + " is impossible");
  if (bytes.size != *expected) {
    place.refuse(fmt::format("has {} bytes, but {} {} takes {}", bytes.size, type->name, shape_text(entry), *expected));
  }
  return {{std::string(type->name), *shape}, {data.begin + bytes.begin, bytes.size}};
}

void require_tiling(const std::map<std::string, SafetensorsEntry>& entries, Range data, Place place) {
  std::vector<std::pair<Range, const std::string*>> order;
  order.reserve(entries.size());
  for (const auto& [name, entry] : entries) order.emplace_back(entry.bytes, &name);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.begin, a.first.size) < std::pair(b.first.begin, b.first.size);
  });
  std::int64_t end = data.begin;
  for (const auto& [bytes, name] : order) {
    place.tensor = *name;
    if (bytes.begin < end) place.refuse(fmt::format("overlaps the tensor before it by {} bytes", end - bytes.begin));
    if (bytes.begin > end) place.refuse(fmt::format("{} bytes before it belong to no tensor", bytes.begin - end));
    end = bytes.end();
  }
  place.tensor.clear();
  if (end != data.end()) place.refuse(fmt::format("the last {} bytes belong to no tensor", data.end() - end));
}

}  // namespace

std::map<std::string, SafetensorsEntry> read_safetensors_header(const InputFile& file) {
  const Place place{file.path(), ""};
  const std::int64_t length = header_length(file, place);
  const Range data{kLengthBytes + length, file.size() - kLengthBytes - length};
  std::map<std::string, SafetensorsEntry> entries;
  Members members(place, [&](std::string name, const SortedJson& value) {
    if (entries.contains(name)) place.refuse("the header names " + shown(name) + " twice");
    SafetensorsEntry entry = read_entry(value, data, {file.path(), shown(name)});
    entries.emplace(std::move(name), std::move(entry));
  });
  HeaderText text(file, {kLengthBytes, length});
  std::istream stream(&text);
  SortedJson::sax_parse(stream, &members);
  require_tiling(entries, data, place);
  return entries;
}

}  // namespace orrery
