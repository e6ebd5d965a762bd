package leat.compat;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpHeaders;

/** Remembers the headers of the latest exchange of each operation. */
final class Observer implements ExecutionInterceptor {
  private final Map<Class<? extends SdkRequest>, SdkHttpHeaders> requests =
      new ConcurrentHashMap<>();
  private final Map<Class<? extends SdkRequest>, SdkHttpHeaders> responses =
      new ConcurrentHashMap<>();

  @Override
  public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes unused) {
    requests.put(context.request().getClass(), context.httpRequest());
  }

  @Override
  public void afterTransmission(Context.AfterTransmission context, ExecutionAttributes unused) {
    responses.put(context.request().getClass(), context.httpResponse());
  }

  /** Returns a header of a request, or an empty string. */
  String sent(Class<? extends SdkRequest> operation, String header) {
    return requests.get(operation).firstMatchingHeader(header).orElse("");
  }

  /** Returns a header of a response, or an empty string. */
  String received(Class<? extends SdkRequest> operation, String header) {
    return responses.get(operation).firstMatchingHeader(header).orElse("");
  }
}
