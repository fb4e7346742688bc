#include "base/parallel/sum_path.h"

namespace orrery {

std::string sum_path(const Collectives& group) {
  const auto* teller = dynamic_cast<const TellsSumPath*>(&group);
  return teller == nullptr ? "" : teller->sum_path();
}

}  // namespace orrery
