#include "base/core/file_content.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <memory>
#include <string_view>
#include <vector>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery {
namespace {

struct FreeState {
  void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
};

std::string digits_of(const XXH128_hash_t& hash) { return fmt::format("{:016x}{:016x}", hash.high64, hash.low64); }

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view without_lead(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

bool is_web_page(std::string_view begin) {
  const std::string text = lower_case(begin);
  for (const char* tag : {"<!doctype html", "<html", "<head", "<body", "<?xml", "<!--"}) {
    if (text.starts_with(tag)) return true;
  }
  return false;
}

}  // namespace

std::string read_text_file(const std::filesystem::path& path) {
  using namespace std::string_view_literals;
  std::string text = read_file(path);
  for (const std::string_view mark : {"\xFF\xFE"sv, "\xFE\xFF"sv, "\x00\x00\xFE\xFF"sv}) {
    require_input(!text.starts_with(mark), path.string() + ": is UTF-16 or UTF-32: save it as UTF-8");
  }
  if (text.starts_with("\xEF\xBB\xBF"sv)) text.erase(0, 3);
  return text;
}

std::string checksum(const void* data, std::size_t bytes) { return digits_of(XXH3_128bits(data, bytes)); }

std::string file_checksum(const std::filesystem::path& path) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::error_code ignored;
  require_input(std::filesystem::is_regular_file(path, ignored), path.string() + ": not a file that can be read");
  std::ifstream in(path, std::ios::binary);
  const std::unique_ptr<XXH3_state_t, FreeState> state(XXH3_createState());
  require(state != nullptr && XXH3_128bits_reset(state.get()) == XXH_OK, "out of memory for a checksum");
  std::vector<char> piece(kPiece);
  while (in.read(piece.data(), kPiece) || in.gcount() > 0) {
    XXH3_128bits_update(state.get(), piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  require_input(in.eof() && !in.bad(), path.string() + ": cannot be read to its end");
  return digits_of(XXH3_128bits_digest(state.get()));
}

std::string not_fetched(std::string_view begin) {
  begin = without_lead(begin.substr(0, kNotFetchedBytes));
  if (begin.starts_with("version https://git-lfs")) {
    return "a Git LFS pointer, not the file that it stands for: run \"git lfs pull\" in its folder, or download the "
           "file";
  }
  if (is_web_page(begin)) {
    return "a web page (HTML), not the file: the download was answered with a page, such as a log-in; download the "
           "file again";
  }
  return "";
}

}  // namespace orrery
