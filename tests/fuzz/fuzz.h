#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/core/error.h"

namespace orrery::fuzz {

// One input as a text.
inline std::string_view bytes(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Ends the fuzzer with a finding unless `ok`.
void check(bool ok, const std::string& finding);

// A folder of this process's own below TMPDIR, in which inputs become files. It is removed when the fuzzer ends by
// itself; tools/fuzz.sh removes what a crash leaves.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();

  // Replaces the file `name`. Returns its path.
  std::filesystem::path write(const std::string& name, std::string_view content) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A finding when more than 30 s of CPU time pass between its construction and its end.
class CpuLimit {
 public:
  CpuLimit() : start_(std::clock()) {}
  CpuLimit(const CpuLimit&) = delete;
  CpuLimit& operator=(const CpuLimit&) = delete;
  ~CpuLimit() { check(std::clock() - start_ < kMostSeconds * CLOCKS_PER_SEC, "takes more than 30 s"); }

 private:
  static constexpr std::clock_t kMostSeconds =
      30;  // two of the program's own: a picture of 50 Mpx takes 12 here and 0.7 there
  std::clock_t start_;
};

// Whether `read` takes the input. It may refuse it by an InputError that contains `named`, the file. Any other
// exception is a finding, and so are 30 s of CPU time.
template <class Read>
bool accepts(const std::string& named, Read read) {
  const CpuLimit limit;
  try {
    read();
    return true;
  } catch (const InputError& e) {
    const std::string_view said = e.what();
    check(said.find(named) != std::string_view::npos, "refused without the file's name: " + std::string(said));
    return false;
  }
}

// Counts the bytes that the heap holds beyond those at its construction. One at a time.
class HeapPeak {
 public:
  HeapPeak();
  std::int64_t bytes() const;  // the most that were held
};

// libFuzzer's own mutation of `text`, at most `limit` bytes long afterwards.
std::string mutated(std::string text, std::size_t limit);

// Puts `text` where libFuzzer wants a mutated input, if it fits. Returns its length.
std::size_t give_back(std::string_view text, std::uint8_t* data, std::size_t limit);

}  // namespace orrery::fuzz
