#pragma once

#include <nccl.h>

#include <source_location>
#include <string_view>

#include "base/parallel/comm.h"

namespace orrery {

// Throws Error "WHAT: NCCL's own words (file:line)" unless `code` is ncclSuccess.
void check_nccl(ncclResult_t code, std::string_view what, std::source_location at = std::source_location::current());

// An NCCL communicator of the same ranks as a Comm, on the current GPU of each rank.
class NcclComm {
 public:
  // Collective.
  explicit NcclComm(const Comm& comm);
  NcclComm(const NcclComm&) = delete;
  NcclComm& operator=(const NcclComm&) = delete;
  // Waits for the work in flight. Collective. While an exception unwinds, it aborts that work instead and is not
  // collective.
  ~NcclComm();

  // The communicator, for the next call. Throws Error when work that was queued earlier has failed since.
  ncclComm_t get(std::source_location at = std::source_location::current()) const;

 private:
  ncclComm_t comm_ = nullptr;
};

}  // namespace orrery
