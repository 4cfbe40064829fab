variable "project" {}
variable "subnet_ids" { type = list(string) }
variable "vpc_id" {}
variable "access_point" {}
variable "db_host" {}
variable "db_password" {}
variable "openai_key" {}

data "archive_file" "lambda" {
  type        = "zip"
  source_file = "${path.root}/../lambda_src/lambda_function.py"
  output_path = "${path.module}/lambda_function.zip"
}
resource "aws_iam_role" "lambda" {
  name = "${var.project}-role"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
resource "aws_iam_role_policy_attachment" "vpc" {
  role       = aws_iam_role.lambda.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}
resource "aws_security_group" "lambda" {
  vpc_id = var.vpc_id
  egress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_lambda_function" "similarity" {
  function_name    = "${var.project}-lambda"
  filename         = data.archive_file.lambda.output_path
  source_code_hash = data.archive_file.lambda.output_base64sha256
  role             = aws_iam_role.lambda.arn
  handler          = "lambda_function.lambda_handler"
  runtime          = "python3.8"
  memory_size      = 2048
  timeout          = 120
  ephemeral_storage { size = 2048 }
  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [aws_security_group.lambda.id]
  }
  file_system_config {
    arn              = var.access_point
    local_mount_path = "/mnt/efs"
  }
  environment {
    variables = {
      PYTHONPATH     = "/mnt/efs/python"
      DB_HOST        = var.db_host
      DB_PASSWORD    = var.db_password
      OPENAI_API_KEY = var.openai_key
    }
  }
}
output "invoke_arn" { value = aws_lambda_function.similarity.invoke_arn }
output "function_name" { value = aws_lambda_function.similarity.function_name }
