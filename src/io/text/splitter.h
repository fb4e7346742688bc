#pragma once

#include <unicode/regex.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

// Normalises text to NFC and cuts it into words with a Unicode regular expression. ICU decides which characters are
// letters; one that is newer than ICU's Unicode version is not.
class Splitter {
 public:
  // Throws an InputError that names `where` (file and key) when the pattern does not compile. In the pattern \s and \S
  // mean the Unicode property White_Space.
  Splitter(const std::string& pattern, const std::string& where);

  // Returns the matches and the text between them, in order, as UTF-8. `utf8` must be valid and shorter than 2^31
  // bytes. Throws InputError when the pattern backtracks so much on this text that matching would practically not end.
  std::vector<std::string> split(std::string_view utf8) const;

 private:
  std::string where_;
  std::unique_ptr<const icu::RegexPattern> pattern_;
};

}  // namespace orrery
