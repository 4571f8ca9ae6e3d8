import pytest

from modelservice_operator.diagnose.masking import masked

SECRETS = [
    ("invalid token hf_abcdefghijKLMNOP in header", "invalid token *** in header"),
    ("key AKIAIOSFODNN7EXAMPLE is not known", "key *** is not known"),
    ("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key=***"),
    ("AWS_ACCESS_KEY_ID: ASIAIOSFODNN7EXAMPLE", "AWS_ACCESS_KEY_ID: ***"),
    ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
    ("GET https://user:hunter22@host/v2/", "GET https://user:***@host/v2/"),
    ("redis://:hunter22@host:6379", "redis://:***@host:6379"),
    ('{"hf_token": "abc\\"def", "model": "x"}', '{"hf_token": ***, "model": "x"}'),
    ("{'client_secret': 'abc def', 'n': 1}", "{'client_secret': ***, 'n': 1}"),
    ('"db_password":"p w"', '"db_password":***'),
    ("--hf-token abcdefgh --port 80", "--hf-token *** --port 80"),
    ("--api-key=abcdefgh --port 80", "--api-key=*** --port 80"),
    ("https://host/blob?sv=1&sig=aB%2Bc&se=2", "https://host/blob?sv=1&sig=***&se=2"),
    ("{'api_key': ['s3cr3tvalue'], 'port': 80}", "{'api_key': ***, 'port': 80}"),
    ("Namespace(api_key=['s3cr3t'], port=80)", "Namespace(api_key=***, port=80)"),
    ("['vllm', '--api-key', 's3cr3t', '--port']", "['vllm', '--api-key', '***', '--port']"),
    ("--hf-token 'tok'", "--hf-token '***'"),
    ("AZURE_STORAGE_KEY=abc SECRET_KEY=def secretKey: ghi", "AZURE_STORAGE_KEY=*** SECRET_KEY=*** secretKey: ***"),
    ("API key: s3cr3t", "API key: ***"),
    ("authorization: token s3cr3t", "authorization: token ***"),
    ('{"auth": "dXNlcjpwdw=="}', '{"auth": ***}'),
    ("curl -u admin:hunter2 http://x", "curl -u admin:*** http://x"),
    ("Set-Cookie: session=abc; Path=/", "Set-Cookie: ***; Path=/"),
    ("Invalid API key provided: abcd1234", "Invalid API key provided: ***"),
    ("ENCRYPTION_KEY: abc signing_key='def' LICENSE_KEY=ghi", "ENCRYPTION_KEY: *** signing_key=*** LICENSE_KEY=***"),
    ("passphrase=s3cr3t", "passphrase=***"),
    ("credentials=('u', 'p'), x", "credentials=***, x"),
    ("https://user:p@ss@host/x", "https://user:***@host/x"),
    ("https://user:pa/ss@host", "https://user:***@host"),
    ("nvapi-0123456789abcdef", "***"),
    ("ghp_0123456789abcdefABCDEF", "***"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig", "***"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "-----BEGIN RSA PRIVATE KEY-----***"),
]


@pytest.mark.parametrize(("text", "shown"), SECRETS)
def test_secrets_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize("run", ["x", "a-", "a.b:", "token", "a://"])
def test_a_long_run_of_characters_takes_no_longer_than_its_length(run: str) -> None:
    """Were the time to grow with the square of the length, this would take hours."""
    text = run * (400_000 // len(run))
    assert masked(text) == text


PLAIN = [
    "Secret hf-token in namespace ml has no key HF_TOKEN",
    'secret "nope" not found',
    "couldn't find key HF_TOKEN in Secret ml/hf-token",
    "max_model_len (32768) is larger than the KV cache",
    "max_tokens: 4096, num_tokens=12",
    "ghcr.io/org/server:v1: not found",
    "pulling https://huggingface.co/Qwen/Qwen3-8B/resolve/main/config.json",
    "error getting credentials: exit status 1",
    "SyntaxError: Unexpected token: '<'",
    "eos_token='</s>' pad_token: 0",
    "secret: not found",
    "error getting credentials: exit status 1",
    "https://huggingface.co:443/org/repo@main",
    "Tokenizer class Qwen2Tokenizer does not exist",
]


@pytest.mark.parametrize("text", PLAIN)
def test_names_of_secrets_stay_readable(text: str) -> None:
    assert masked(text) == text
