#include "base/core/choice.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace orrery {
namespace {

constexpr std::size_t kShortestPart = 4;  // "fps" inside another name means nothing, "frames" does

// Levenshtein distance, one row of the table at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

template <class Accept>
std::string_view closest(std::string_view word, std::span<const std::string_view> known, const Accept& accept) {
  std::string_view best;
  std::size_t best_distance = std::numeric_limits<std::size_t>::max();
  for (const std::string_view name : known) {
    const std::size_t distance = edit_distance(word, name);
    if (distance < best_distance && accept(name, distance)) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  const std::size_t limit = std::max<std::size_t>(2, word.size() / 3);
  const std::string_view typo = closest(
      word, known, [&](std::string_view, std::size_t distance) { return distance <= limit && distance < word.size(); });
  if (!typo.empty() || word.size() < kShortestPart) return typo;
  return closest(word, known,
                 [&](std::string_view name, std::size_t) { return name.find(word) != std::string_view::npos; });
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known, std::string_view prefix) {
  const std::string_view name = nearest(word, known);
  if (name.empty()) return "";
  return " (did you mean " + std::string(prefix) + std::string(name) + "?)";
}

}  // namespace orrery
