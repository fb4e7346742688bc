#include "base/core/stack.h"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace orrery {
namespace {

// glibc takes the default from ulimit -s when the program starts.
void enlarge_threads() {
  pthread_attr_t attributes;
  if (::pthread_getattr_default_np(&attributes) != 0) return;
  std::size_t bytes = 0;
  ::pthread_attr_getstacksize(&attributes, &bytes);
  ::pthread_attr_setstacksize(&attributes, std::max(bytes, kStackBytes));
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

}  // namespace

int with_enough_stack(const std::function<int()>& work) {
  enlarge_threads();
  rlimit limit{};
  if (::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= kStackBytes) return work();  // RLIM_INFINITY is large
  int result = 0;
  std::thread([&] { result = work(); }).join();
  return result;
}

}  // namespace orrery
