#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace orrery {

// The token ids of one text. They are immutable and shared by copies, since thousands of clips have the same negative
// prompt.
class TokenIds {
 public:
  using Values = std::vector<std::int64_t>;

  TokenIds() : TokenIds(Values()) {}
  TokenIds(Values values) : values_(std::make_shared<const Values>(std::move(values))) {}
  TokenIds(std::initializer_list<std::int64_t> values) : TokenIds(Values(values)) {}
  TokenIds(std::size_t count, std::int64_t value) : TokenIds(Values(count, value)) {}

  const Values& values() const { return *values_; }
  operator const Values&() const { return *values_; }
  std::size_t size() const { return values_->size(); }
  bool empty() const { return values_->empty(); }
  Values::const_iterator begin() const { return values_->begin(); }
  Values::const_iterator end() const { return values_->end(); }

  friend bool operator==(const TokenIds& a, const TokenIds& b) { return a.values_ == b.values_ || a == *b.values_; }
  friend bool operator==(const TokenIds& a, const Values& b) { return *a.values_ == b; }
  friend std::strong_ordering operator<=>(const TokenIds& a, const TokenIds& b) {
    return a.values_ == b.values_ ? std::strong_ordering::equal : *a.values_ <=> *b.values_;
  }

 private:
  std::shared_ptr<const Values> values_;
};

}  // namespace orrery
