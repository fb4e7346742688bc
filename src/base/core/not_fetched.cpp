#include "base/core/not_fetched.h"

#include <algorithm>
#include <cctype>

namespace orrery {
namespace {

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
