#pragma once

#include <string>
#include <string_view>

namespace orrery {

// Text as Python writes it: the models were trained on captions that Python made.

// str.strip(): removes Unicode white space at both ends. Returns a view into `utf8`, which must be valid UTF-8.
std::string_view python_strip(std::string_view utf8);

// json.dumps(value): the shortest digits that read back as `value` ("1.0", "1e-07", "1e+22"), NaN, Infinity, -Infinity.
std::string python_float(double value);

// json.dumps(text): ASCII in quotes. `text` may contain lone surrogates, which become \udXXX.
std::string python_quoted(std::u32string_view text);

}  // namespace orrery
