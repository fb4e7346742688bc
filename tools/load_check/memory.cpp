#include "memory.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <string>

Memory Memory::now() {
  Memory memory;
  const std::map<std::string, std::int64_t*> wanted = {
      {"VmHWM:", &memory.peak}, {"VmRSS:", &memory.resident}, {"RssAnon:", &memory.anonymous}};
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key; status.ignore(1024, '\n')) {
    const auto found = wanted.find(key);
    if (found != wanted.end()) {
      status >> *found->second;
      *found->second *= 1024;
    }
  }
  return memory;
}

AnonymousPeak::AnonymousPeak() : thread_([this] { watch(); }) {}

AnonymousPeak::~AnonymousPeak() {
  stop_ = true;
  thread_.join();
}

void AnonymousPeak::watch() {
  while (!stop_) {
    peak_ = std::max(peak_.load(), Memory::now().anonymous);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}
