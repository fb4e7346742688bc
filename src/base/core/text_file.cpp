#include "base/core/text_file.h"

#include <string_view>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery {

std::string read_text_file(const std::filesystem::path& path) {
  using namespace std::string_view_literals;
  std::string text = read_file(path);
  for (const std::string_view mark : {"\xFF\xFE"sv, "\xFE\xFF"sv, "\x00\x00\xFE\xFF"sv}) {
    require_input(!text.starts_with(mark), path.string() + ": is UTF-16 or UTF-32: save it as UTF-8");
  }
  if (text.starts_with("\xEF\xBB\xBF"sv)) text.erase(0, 3);
  return text;
}

}  // namespace orrery
