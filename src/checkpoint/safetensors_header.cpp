#include "checkpoint/safetensors_header.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <vector>

#include "checkpoint/stored_type.h"
#include "core/error.h"
#include "core/json.h"
#include "core/not_fetched.h"

namespace orrery {
namespace {

constexpr std::int64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit

// Where messages say the trouble is.
struct Place {
  const std::filesystem::path& path;
  std::string tensor;

  [[noreturn]] void refuse(const std::string& message) const {
    throw InputError(path.string() + ": " + (tensor.empty() ? "" : "tensor " + tensor + ": ") + message);
  }
};

// A parser keeps one of two equal keys and says nothing; a checkpoint with two is damaged.
SortedJson parse_unique(std::string_view text, const Place& place) {
  const auto refuse = [&](std::size_t, const std::string& key) { place.refuse("the header names " + key + " twice"); };
  try {
    return parse_sorted_json(text, refuse);
  } catch (const JsonError& e) {
    place.refuse(std::string("the header, a damaged download?: ") + e.what());
  }
}

// The text is gone before the entries are made: a header may have 100 MB.
SortedJson read_json(const InputFile& file, std::int64_t length, const Place& place) {
  std::string text(static_cast<std::size_t>(length), '\0');
  file.read({kLengthBytes, length}, reinterpret_cast<std::byte*>(text.data()), "header");
  return parse_unique(text, place);
}

void refuse_what_was_not_fetched(const InputFile& file, const Place& place) {
  std::string begin(static_cast<std::size_t>(std::min(file.size(), std::int64_t{kNotFetchedBytes})), '\0');
  file.read({0, std::ssize(begin)}, reinterpret_cast<std::byte*>(begin.data()), "its beginning");
  const std::string instead = not_fetched(begin);
  if (!instead.empty()) place.refuse(instead);
}

std::int64_t header_length(const InputFile& file, const Place& place) {
  const std::string size = std::to_string(file.size());
  refuse_what_was_not_fetched(file, place);
  if (file.size() < kLengthBytes) place.refuse(size + " bytes long: too short to be a safetensors file");
  std::uint64_t length = 0;
  file.read({0, kLengthBytes}, reinterpret_cast<std::byte*>(&length), "header");
  if (length > kMaxHeaderBytes) {
    place.refuse("not a safetensors file: it gives a header of " + std::to_string(length) + " bytes");
  }
  if (static_cast<std::int64_t>(length) > file.size() - kLengthBytes) {
    place.refuse("truncated: the header takes " + std::to_string(length) + " bytes, but the file has " + size);
  }
  return static_cast<std::int64_t>(length);
}

// Non-negative integers that fit 63 bits; nothing when `value` is anything else.
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
  constexpr std::size_t kShown = 200;
  const std::string text = entry.contains("shape") ? entry["shape"].dump() : "missing";
  return text.size() > kShown ? text.substr(0, kShown) + "..." : text;
}

// Bytes of the tensor by its dtype and shape; nothing when they overflow or end inside a byte.
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
  const StoredType* const type = find_stored_type(dtype->get<std::string>());
  if (type == nullptr) place.refuse("unknown dtype " + dtype->dump());
  const auto shape = read_integers(entry, "shape");
  if (!shape) place.refuse("shape is " + shape_text(entry) + ", expected a list of non-negative integers");
  const auto offsets = read_integers(entry, "data_offsets");
  if (!offsets || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1]) {
    place.refuse("data_offsets are missing or not [begin, end]");
  }
  const Range bytes{(*offsets)[0], (*offsets)[1] - (*offsets)[0]};
  if (bytes.end() > data.size) {
    place.refuse("ends at byte " + std::to_string(bytes.end()) + " of the data, of which the file has " +
                 std::to_string(data.size) + ": truncated?");
  }
  const auto expected = bytes_of(*shape, type->bits);
  if (!expected) place.refuse("shape " + shape_text(entry) + " is impossible");
  if (bytes.size != *expected) {
    place.refuse("has " + std::to_string(bytes.size) + " bytes, but " + std::string(type->name) + " " +
                 shape_text(entry) + " takes " + std::to_string(*expected));
  }
  return {{std::string(type->name), *shape}, {data.begin + bytes.begin, bytes.size}};
}

void require_tiling(const std::map<std::string, SafetensorsEntry>& entries, Range data, Place place) {
  std::vector<std::pair<Range, const std::string*>> order;
  for (const auto& [name, entry] : entries) order.emplace_back(entry.bytes, &name);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.begin, a.first.size) < std::pair(b.first.begin, b.first.size);
  });
  std::int64_t end = data.begin;
  for (const auto& [bytes, name] : order) {
    place.tensor = *name;
    if (bytes.begin < end)
      place.refuse("overlaps the tensor before it by " + std::to_string(end - bytes.begin) + " bytes");
    if (bytes.begin > end) place.refuse(std::to_string(bytes.begin - end) + " bytes before it belong to no tensor");
    end = bytes.end();
  }
  place.tensor.clear();
  if (end != data.end()) place.refuse("the last " + std::to_string(data.end() - end) + " bytes belong to no tensor");
}

}  // namespace

std::map<std::string, SafetensorsEntry> read_safetensors_header(const InputFile& file) {
  const Place place{file.path(), ""};
  const std::int64_t length = header_length(file, place);
  const SortedJson header = read_json(file, length, place);
  if (!header.is_object()) place.refuse("the header is not a JSON object");
  const Range data{kLengthBytes + length, file.size() - kLengthBytes - length};
  std::map<std::string, SafetensorsEntry> entries;
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") entries.emplace(name, read_entry(entry, data, {file.path(), name}));
  }
  require_tiling(entries, data, place);
  return entries;
}

}  // namespace orrery
