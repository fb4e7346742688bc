#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>

namespace orrery {

// A second process of the test: it makes something, holds it and sleeps. For what one process cannot see of itself, as
// its own locks.
class Background {
 public:
  // Forks, and returns when the other process has what `make` gives. Throws Error when `make` throws there.
  explicit Background(const std::function<std::shared_ptr<void>()>& make);
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() { kill(); }

  // Ends it as SIGKILL does: nothing is destroyed in order.
  void kill();
  // Lets it destroy what it holds, and waits for its end.
  void leave();

 private:
  void end_with(int signal);

  pid_t pid_ = -1;
};

}  // namespace orrery
