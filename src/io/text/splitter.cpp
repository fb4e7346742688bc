#include "io/text/splitter.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "base/core/error.h"

namespace orrery {
namespace {

void check(UErrorCode status, std::string_view what) {
  if (U_FAILURE(status)) fail(what, u_errorName(status));
}

// ICU's own \s lacks U+000B and U+0085, which Qwen's tokenizer counts as white space.
std::string with_unicode_space(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool escape = pattern[i] == '\\' && i + 1 < pattern.size();
    if (!escape) {
      out += pattern[i];
      continue;
    }
    const char letter = pattern[++i];
    if (letter == 's')
      out += "\\p{White_Space}";
    else if (letter == 'S')
      out += "\\P{White_Space}";
    else
      (out += '\\') += letter;
  }
  return out;
}

icu::UnicodeString normalized(std::string_view utf8) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  check(status, "load ICU's NFC tables");
  const icu::StringPiece piece(utf8.data(), static_cast<std::int32_t>(utf8.size()));
  icu::UnicodeString text = nfc->normalize(icu::UnicodeString::fromUTF8(piece), status);
  check(status, "normalise text to NFC");
  return text;
}

// Remaining budget of a match, in ICU's units of ten thousand states: not in seconds, so that all machines agree.
// Tokenizers' patterns need only a few states for each character.
struct Steps {
  std::int32_t left;
};
constexpr std::int32_t kFirstSteps = 300;
constexpr std::int32_t kCharactersPerStep = 50;

UBool count_down(const void* context, std::int32_t) {
  // ICU passes the context as const, but it is this file's own mutable object.
  auto& steps = *static_cast<Steps*>(const_cast<void*>(context));
  return --steps.left > 0;
}

}  // namespace

Splitter::Splitter(const std::string& pattern, const std::string& where) : where_(where) {
  UErrorCode status = U_ZERO_ERROR;
  UParseError at{};
  const icu::UnicodeString source = icu::UnicodeString::fromUTF8(with_unicode_space(pattern));
  pattern_.reset(icu::RegexPattern::compile(source, 0, at, status));
  require_input(U_SUCCESS(status), where + ": found the pattern " + pattern +
                                       ", expected a regular expression that ICU compiles: " + u_errorName(status));
}

std::vector<std::string> Splitter::split(std::string_view utf8) const {
  const icu::UnicodeString text = normalized(utf8);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(pattern_->matcher(text, status));
  check(status, "match text");
  matcher->setStackLimit(0, status);  // no limit: a long run of one kind needs a deep stack

  Steps steps{kFirstSteps + text.length() / kCharactersPerStep};
  matcher->setMatchCallback(count_down, &steps, status);

  std::vector<std::string> words;
  const auto add = [&](std::int32_t begin, std::int32_t end) {
    if (end > begin) text.tempSubStringBetween(begin, end).toUTF8String(words.emplace_back());
  };
  std::int32_t done = 0;
  while (matcher->find(status)) {
    const std::int32_t begin = matcher->start(status);
    add(done, begin);
    done = matcher->end(status);
    add(begin, done);
  }
  require_input(status != U_REGEX_STOPPED_BY_CALLER,
                where_ +
                    ": the pattern tries far too many ways to match a text (nested repetition?), expected one whose "
                    "time grows with the text");
  check(status, "match text");
  add(done, text.length());
  return words;
}

}  // namespace orrery
