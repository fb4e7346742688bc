#pragma once

#include <unicode/regex.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

// Normalises text to NFC and cuts it into words with a Unicode regular expression. Which characters are letters is
// ICU's knowledge: a character newer than ICU's Unicode version counts as none.
class Splitter {
 public:
  // `where` (file and key) is named by the InputError when the pattern does not compile. In the pattern \s and \S mean
  // the Unicode property White_Space.
  Splitter(const std::string& pattern, const std::string& where);

  // The matches and, between them, what no match covers, in order, as UTF-8. `utf8` must be valid, below 2^31 bytes.
  // Throws InputError when the pattern backtracks so much on this text that matching would practically not end.
  std::vector<std::string> split(std::string_view utf8) const;

 private:
  std::string where_;
  std::unique_ptr<const icu::RegexPattern> pattern_;
};

}  // namespace orrery
