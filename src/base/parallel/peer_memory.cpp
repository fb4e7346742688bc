#include "base/parallel/peer_memory.h"

#include <c10/cuda/CUDAStream.h>
#include <cuda.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>

#include "base/core/error.h"
#include "base/device/cuda_event.h"

namespace orrery {
namespace {

// Looks up a function of the CUDA driver, which programs do not link.
template <class Function>
Function driver_function(const char* name) {
  void* found = nullptr;
  cudaDriverEntryPointQueryResult state{};
  constexpr unsigned kCuda12 = 12000;
  const cudaError_t code = cudaGetDriverEntryPointByVersion(name, &found, kCuda12, cudaEnableDefault, &state);
  if (code != cudaSuccess || state != cudaDriverEntryPointSuccess) return nullptr;
  return reinterpret_cast<Function>(found);
}

struct StreamOperations {
  using Operation = CUresult (*)(CUstream, CUdeviceptr, cuuint32_t, unsigned);
  Operation write = driver_function<Operation>("cuStreamWriteValue32");
  Operation wait = driver_function<Operation>("cuStreamWaitValue32");
};

const StreamOperations& operations() {
  static const StreamOperations kOperations;
  return kOperations;
}

void check_driver(CUresult code, const char* what) {
  if (code != CUDA_SUCCESS) fail(what, fmt::format("the driver's error {}", static_cast<int>(code)));
}

CUdeviceptr counter_at(std::byte* memory, int counter) {
  return reinterpret_cast<CUdeviceptr>(memory + static_cast<std::size_t>(counter) * sizeof(std::uint32_t));
}

std::string words_of(cudaError_t code) {
  cudaGetLastError();  // clears the error, which later calls must not see again
  return code == cudaSuccess ? "" : cudaGetErrorString(code);
}

}  // namespace

std::string path_through_peers() { return "through each other's GPU memory"; }

std::string path_without_peers(const std::string& other_way, const std::string& problem) {
  return problem.empty() ? other_way : fmt::format("{}, since not {}: {}", other_way, path_through_peers(), problem);
}

cudaStream_t current_stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

cudaStream_t transfer_stream(int device) {
  static const c10::cuda::CUDAStream kStream =
      c10::cuda::getStreamFromPool(/*isHighPriority=*/true, static_cast<c10::DeviceIndex>(device));
  return kStream.stream();
}

PeerMemory::PeerMemory(const Comm& group)
    : group_(group), of_rank_(static_cast<std::size_t>(group.shard().size), nullptr) {}

std::unique_ptr<PeerMemory> PeerMemory::make(const Comm& group, std::int64_t bytes, std::string& problem) {
  const auto [own, size] = group.shard();
  problem = group.split_by_node().shard().size == size ? "" : "the ranks are on different nodes";
  if (!problem.empty()) return nullptr;
  std::unique_ptr<PeerMemory> memory(new PeerMemory(group));
  std::string handle;
  problem = group.first_problem(memory->allocate(bytes, handle));
  if (!problem.empty()) return nullptr;
  std::string failed;
  for (int rank = 0; rank < size; ++rank) {
    const std::string name = group.broadcast(handle, rank);
    if (rank != own && failed.empty()) failed = memory->open(rank, name);
  }
  problem = group.first_problem(failed);
  if (!problem.empty()) return nullptr;
  return memory;
}

std::string PeerMemory::allocate(std::int64_t bytes, std::string& handle) {
  const char* const wish = std::getenv("ORRERY_PEER_MEMORY");
  if (wish != nullptr && std::string_view(wish) == "0") return "ORRERY_PEER_MEMORY=0";
  if (operations().write == nullptr || operations().wait == nullptr) return "the driver has no stream operations";
  void* memory = nullptr;
  const std::string problem = words_of(cudaMalloc(&memory, static_cast<std::size_t>(kHeader + bytes)));
  if (!problem.empty()) return problem;
  own_ = static_cast<std::byte*>(memory);
  cudaIpcMemHandle_t name{};
  std::string failed = words_of(cudaMemset(own_, 0, kHeader));
  if (failed.empty()) failed = words_of(cudaDeviceSynchronize());
  if (failed.empty()) failed = words_of(cudaIpcGetMemHandle(&name, own_));
  handle.assign(name.reserved, sizeof name.reserved);
  return failed;
}

std::string PeerMemory::open(int rank, const std::string& handle) {
  cudaIpcMemHandle_t name{};
  if (handle.size() != sizeof name.reserved) return "the peer's memory has no name";
  std::memcpy(name.reserved, handle.data(), sizeof name.reserved);
  void* memory = nullptr;
  const std::string problem = words_of(cudaIpcOpenMemHandle(&memory, name, cudaIpcMemLazyEnablePeerAccess));
  if (problem.empty()) of_rank_[static_cast<std::size_t>(rank)] = static_cast<std::byte*>(memory);
  return problem;
}

PeerMemory::~PeerMemory() {
  cudaDeviceSynchronize();
  for (std::byte* memory : of_rank_) {
    if (memory != nullptr) cudaIpcCloseMemHandle(memory);
  }
  // Until the other ranks get here too, they may still write to this memory or have it open.
  if (std::uncaught_exceptions() == 0) MPI_Barrier(group_.get());
  if (own_ != nullptr) cudaFree(own_);
}

void PeerMemory::write(int to, std::int64_t offset, std::int64_t pitch, const ByteRows& rows,
                       cudaStream_t stream) const {
  const auto size = [](std::int64_t bytes) { return static_cast<std::size_t>(bytes); };
  std::byte* const place = of(to) + kHeader + offset;
  const bool packed = rows.pitch == rows.width && pitch == rows.width;
  check_cuda(packed ? cudaMemcpyAsync(place, rows.begin, size(rows.count * rows.width), cudaMemcpyDefault, stream)
                    : cudaMemcpy2DAsync(place, size(pitch), rows.begin, size(rows.pitch), size(rows.width),
                                        size(rows.count), cudaMemcpyDefault, stream),
             "copy to another GPU");
}

void PeerMemory::tell(int to, int counter, std::uint32_t value, cudaStream_t stream) const {
  check_driver(operations().write(stream, counter_at(of(to), counter), value, CU_STREAM_WRITE_VALUE_DEFAULT),
               "tell another GPU of a copy");
}

void PeerMemory::wait(int counter, std::uint32_t value, cudaStream_t stream) const {
  check_driver(operations().wait(stream, counter_at(own_, counter), value, CU_STREAM_WAIT_VALUE_GEQ),
               "wait for another GPU's copy");
}

}  // namespace orrery
