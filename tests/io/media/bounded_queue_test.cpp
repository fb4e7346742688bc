#include "io/media/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace orrery {
namespace {

TEST(BoundedQueue, KeepsTheOrderAndDrainsAfterClosing) {
  BoundedQueue<int> queue(2);
  std::thread producer([&] {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(queue.push(i));
    queue.close();
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(queue.pop(), i);
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_FALSE(queue.push(1));
  producer.join();
}

TEST(BoundedQueue, PushWaitsForRoom) {
  constexpr int kRoom = 3;
  constexpr int kItems = 2000;
  BoundedQueue<int> queue(kRoom);
  std::atomic<int> pushed = 0;
  std::thread producer([&] {
    while (pushed < kItems && queue.push(pushed)) ++pushed;
  });
  while (pushed < kRoom) std::this_thread::yield();
  for (int popped = 0; popped < kItems; ++popped) {
    EXPECT_LE(pushed, popped + kRoom);
    EXPECT_EQ(queue.pop(), popped);
  }
  producer.join();
}

TEST(BoundedQueue, AbandonDropsWhatWaitsAndFreesTheProducer) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.push(1));
  std::thread producer([&] { EXPECT_FALSE(queue.push(2)); });
  queue.abandon();
  producer.join();
  EXPECT_EQ(queue.pop(), std::nullopt);
}

}  // namespace
}  // namespace orrery
