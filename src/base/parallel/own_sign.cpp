#include "base/parallel/own_sign.h"

#include <pthread.h>

#include <cmath>

#include "base/core/host.h"
#include "base/core/pulse.h"

namespace orrery {

OwnSign::OwnSign() : main_thread_(CLOCK_THREAD_CPUTIME_ID), host_(host_name()) {
  ::pthread_getcpuclockid(::pthread_self(), &main_thread_);
  cpu_before_ = cpu_seconds();
}

double OwnSign::cpu_seconds() const {
  timespec time{};
  ::clock_gettime(main_thread_, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

RankSign OwnSign::take() {
  const PulseReading pulse = read_pulse();
  const double cpu = cpu_seconds();
  if (!pulse.meeting && !pulse.on_gpu) worked_ += cpu - cpu_before_;
  cpu_before_ = cpu;
  RankSign sign;
  sign.progress = pulse.beats + static_cast<std::uint64_t>(std::floor(worked_ * 20));  // so little is no noise
  sign.meeting = pulse.meeting;
  sign.stepping = pulse.stepping;
  sign.longest_step = pulse.longest_step;
  sign.host = host_;
  sign.place = pulse.clip.empty() || pulse.phase.empty() ? pulse.clip + pulse.phase : pulse.clip + ", " + pulse.phase;
  return sign;
}

}  // namespace orrery
