// The header of a safetensors file, or with a text that begins as JSON does the index of several.
#include <algorithm>
#include <cstring>

#include "fuzz.h"
#include "io/checkpoint/safetensors_header.h"
#include "io/checkpoint/shard_index.h"

namespace orrery::fuzz {
namespace {

constexpr std::size_t kLengthBytes = 8;

bool is_index(std::string_view input) { return input.starts_with("{"); }

std::string with_length(std::string_view header, std::string_view data) {
  const std::uint64_t length = header.size();
  std::string file(kLengthBytes, '\0');
  std::memcpy(file.data(), &length, kLengthBytes);
  return file.append(header).append(data);
}

void read_header(const Folder& folder, std::string_view input) {
  const std::filesystem::path path = folder.write("model.safetensors", input);
  accepts(path.string(), [&] {
    std::int64_t bytes = 0;
    for (const auto& [name, entry] : read_safetensors_header(InputFile(path))) {
      check(entry.bytes.begin >= 0 && entry.bytes.size >= 0, "tensor " + name + " has a negative place");
      bytes += entry.bytes.size;
    }
    check(bytes < static_cast<std::int64_t>(input.size()), "tensors larger than their file");
  });
}

void read_index(const Folder& folder, std::string_view input) {
  const std::filesystem::path path = folder.write("model.safetensors.index.json", input);
  accepts(path.string(), [&] {
    for (const auto& [tensor, shard] : read_shard_index(path)) {
      const std::filesystem::path inside = (folder.path() / shard).lexically_normal();
      check(inside.string().starts_with(folder.path().string()), "shard " + shard + " lies outside");
    }
  });
}

}  // namespace
}  // namespace orrery::fuzz

using namespace orrery::fuzz;

// Keeps the header's length right: a random one is refused before anything of the header is read.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t limit, unsigned seed) {
  constexpr unsigned kWhole = 16;  // one input in so many is changed anywhere
  const std::string_view input = bytes(data, size);
  if (is_index(input) || size < kLengthBytes || limit <= kLengthBytes || seed % kWhole == 0) {
    return give_back(mutated(std::string(input), limit), data, limit);
  }
  std::uint64_t length = 0;
  std::memcpy(&length, data, kLengthBytes);
  const std::size_t end = kLengthBytes + static_cast<std::size_t>(std::min<std::uint64_t>(length, size - kLengthBytes));
  const std::string values(input.substr(end));
  const std::size_t room = limit - kLengthBytes - std::min(values.size(), limit - kLengthBytes);
  if (room == 0) return size;
  const std::string header = mutated(std::string(input.substr(kLengthBytes, end - kLengthBytes)), room);
  return give_back(with_length(header, values), data, limit);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::string_view input = bytes(data, size);
  is_index(input) ? read_index(folder, input) : read_header(folder, input);
  return 0;
}
