#include "pipeline/root_work.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/parallel/device.h"

namespace orrery {
namespace {

constexpr std::size_t kMostDimensions = 8;
using SentShape = std::array<std::int64_t, kMostDimensions>;  // zeros after the last

}  // namespace

void on_root(const Comm& world, const std::function<void()>& work) {
  const std::string problem = world.from_root([&]() -> std::string {
    try {
      const AllCores all_cores;
      work();
      return "";
    } catch (const std::exception& e) {
      return message_of(e);
    }
  });
  if (!problem.empty()) throw RequestFailed(problem);
}

at::Tensor share_from_root(const Comm& world, const at::Tensor& tensor) {
  SentShape shape{};
  std::string message;
  if (world.is_root()) {
    const at::Tensor mine = tensor.to(at::kCPU, at::kFloat).contiguous();
    require(mine.dim() > 0 && mine.sizes().size() <= kMostDimensions, "a tensor of so many dimensions is not shared");
    std::copy(mine.sizes().begin(), mine.sizes().end(), shape.begin());
    message.append(reinterpret_cast<const char*>(shape.data()), sizeof shape);
    message.append(static_cast<const char*>(mine.const_data_ptr()), mine.nbytes());
  }
  message = world.broadcast(std::move(message));
  std::memcpy(shape.data(), message.data(), sizeof shape);
  const auto dimensions = static_cast<std::size_t>(std::find(shape.begin(), shape.end(), 0) - shape.begin());
  at::Tensor shared = at::empty(at::IntArrayRef(shape.data(), dimensions), at::kFloat);
  std::memcpy(shared.mutable_data_ptr(), message.data() + sizeof shape, shared.nbytes());
  return shared;
}

}  // namespace orrery
