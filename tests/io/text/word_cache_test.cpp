#include <gtest/gtest.h>

#include <thread>

#include "io/text/token_models.h"

namespace orrery {
namespace {

using Ids = std::vector<std::int64_t>;

TEST(WordCache, GivesBackWhatItKept) {
  WordCache cache;
  Ids ids{7, 1, 2};
  EXPECT_FALSE(cache.append("ab", ids));
  cache.keep("ab", ids, 1);
  cache.keep("", ids, 3);
  EXPECT_TRUE(cache.append("ab", ids));
  EXPECT_TRUE(cache.append("", ids));
  EXPECT_EQ(ids, (Ids{7, 1, 2, 1, 2}));
  EXPECT_FALSE(cache.append("a", ids));
}

TEST(WordCache, IsBounded) {
  WordCache cache;
  Ids ids{1};
  const std::string longest(WordCache::kLongestWord, 'x');
  cache.keep(longest, ids, 0);
  EXPECT_TRUE(cache.append(longest, ids));
  cache.keep(longest + "x", ids, 0);
  EXPECT_FALSE(cache.append(longest + "x", ids));
  for (std::size_t i = 1; i <= WordCache::kMostWords; ++i) cache.keep(std::to_string(i), ids, 0);
  EXPECT_TRUE(cache.append(std::to_string(WordCache::kMostWords - 1), ids));
  EXPECT_FALSE(cache.append(std::to_string(WordCache::kMostWords), ids));
}

TEST(WordCache, ServesThreadsAtOnce) {
  WordCache cache;
  const auto work = [&cache] {
    for (std::int64_t i = 0; i < 3000; ++i) {
      const std::string word = std::to_string(i % 100);
      Ids ids;
      if (cache.append(word, ids)) {
        ASSERT_EQ(ids, Ids{i % 100});
      } else {
        cache.keep(word, {i % 100}, 0);
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace orrery
