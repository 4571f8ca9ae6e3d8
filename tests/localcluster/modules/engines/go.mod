module modelservice.dev/localcluster/engines

go 1.26.0

tool (
	modelservice.dev/localcluster/engines/llama-server
	modelservice.dev/localcluster/engines/text-embeddings-router
	modelservice.dev/localcluster/engines/vllm
)
